import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";

/** What the page must know before anybody signed in. */
export function useServer() {
  return useQuery({
    queryKey: keys.server,
    queryFn: () => unwrap(api.GET("/api/v1/server")),
    staleTime: 60_000,
  });
}

/** Every metric with title and unit; it changes only with the server's version. */
export function useMetrics() {
  return useQuery({
    queryKey: keys.metrics,
    queryFn: async () => (await unwrap(api.GET("/api/v1/metrics-catalog"))).metrics,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
