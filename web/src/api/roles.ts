import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";

/** The server's table of who may do what. */
export function usePermissions() {
  return useQuery({
    queryKey: keys.permissions,
    queryFn: async () => (await unwrap(api.GET("/api/v1/roles"))).permissions,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The devices on which somebody is signed in. */
export function useSessionsOf(user: string) {
  return useQuery({
    queryKey: [...keys.sessions, user],
    queryFn: async () =>
      (await unwrap(api.GET("/api/v1/users/{id}/sessions", { params: { path: { id: user } } }))).sessions,
  });
}

/** Signs somebody out everywhere. */
export function useEndSessionsOf() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (user: string) => unwrap(api.DELETE("/api/v1/users/{id}/sessions", { params: { path: { id: user } } })),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.sessions }),
  });
}
