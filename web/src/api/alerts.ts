import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";

/** Every open alert, newest first; the live connection keeps it true. */
export function useOpenAlerts() {
  return useQuery({
    queryKey: keys.openAlerts,
    queryFn: async () => {
      const query = { resolved: false, time_range: "all", limit: 500 } as const;
      return (await unwrap(api.GET("/api/v1/alerts", { params: { query } }))).alerts;
    },
    staleTime: 60_000,
  });
}

/** A robot's alerts of the last day, newest first, open or not. */
export function useRecentAlerts(robot: string) {
  return useQuery({
    queryKey: [...keys.alertList, "recent", robot],
    queryFn: async () => {
      const query = { robot_id: robot, time_range: "24h", limit: 20 } as const;
      return (await unwrap(api.GET("/api/v1/alerts", { params: { query } }))).alerts;
    },
  });
}
