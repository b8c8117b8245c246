import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";

/** Join tokens that still let robots in. */
export function useJoinTokens(enabled: boolean) {
  return useQuery({
    queryKey: keys.joinTokens,
    queryFn: () => unwrap(api.GET("/api/v1/join-tokens")),
    enabled,
  });
}

export function useMakeJoinToken() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: components["schemas"]["NewJoinToken"]) => unwrap(api.POST("/api/v1/join-tokens", { body })),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.joinTokens }),
  });
}

export function useDeleteJoinToken() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/api/v1/join-tokens/{id}", { params: { path: { id } } })),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.joinTokens }),
  });
}

/** Creates a robot by hand. The answer has its credential, which nobody can read again. */
export function useCreateRobot() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: components["schemas"]["NewRobot"]) => unwrap(api.POST("/api/v1/robots", { body })),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.fleet }),
  });
}
