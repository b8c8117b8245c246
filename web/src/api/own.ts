import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";

/** The devices on which whoever uses the page is signed in. */
export function useSessions(enabled: boolean) {
  return useQuery({
    queryKey: keys.sessions,
    queryFn: async () => (await unwrap(api.GET("/api/v1/sessions"))).sessions,
    enabled,
  });
}

export function useEndSession() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/api/v1/sessions/{id}", { params: { path: { id } } })),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.sessions }),
  });
}

/** The API tokens of whoever uses the page. */
export function useTokens(enabled: boolean) {
  return useQuery({
    queryKey: keys.tokens,
    queryFn: () => unwrap(api.GET("/api/v1/tokens")),
    enabled,
  });
}

function useTokenMutation<T, R>(mutationFn: (variables: T) => Promise<R>) {
  const cache = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => cache.invalidateQueries({ queryKey: keys.tokens }) });
}

export const useCreateToken = () =>
  useTokenMutation((body: components["schemas"]["NewAPIToken"]) => unwrap(api.POST("/api/v1/tokens", { body })));

export const useDeleteToken = () =>
  useTokenMutation((id: string) => unwrap(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } })));
