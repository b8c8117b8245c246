import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";

export function useUsers(enabled: boolean) {
  return useQuery({ queryKey: keys.users, queryFn: () => unwrap(api.GET("/api/v1/users")), enabled });
}

function useUserMutation<T, R>(mutationFn: (variables: T) => Promise<R>) {
  const cache = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => cache.invalidateQueries({ queryKey: keys.users }) });
}

export const useCreateUser = () =>
  useUserMutation((body: components["schemas"]["NewUser"]) => unwrap(api.POST("/api/v1/users", { body })));

export const useUpdateUser = () =>
  useUserMutation(({ id, ...body }: components["schemas"]["UserChange"] & { id: string }) =>
    unwrap(api.PUT("/api/v1/users/{id}", { params: { path: { id } }, body })),
  );

export const useDeleteUser = () =>
  useUserMutation((id: string) => unwrap(api.DELETE("/api/v1/users/{id}", { params: { path: { id } } })));

export function useChangePassword() {
  return useMutation({
    mutationFn: (body: components["schemas"]["PasswordChange"]) =>
      unwrap(api.PUT("/api/v1/auth/me/password", { body })),
  });
}
