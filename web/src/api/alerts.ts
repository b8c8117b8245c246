import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { applyAlerts } from "@/live/apply";
import { api, unwrap, unwrapPage } from "./client";
import { keys } from "./keys";
import type { Alert, Severity } from "./types";

/** Every open alert, newest first; the live connection keeps it true. */
export function useOpenAlerts() {
  return useQuery({
    queryKey: keys.openAlerts,
    queryFn: () => {
      const query = { resolved: false, time_range: "all", limit: 500 } as const;
      return unwrap(api.GET("/api/v1/alerts", { params: { query } }));
    },
    staleTime: 60_000,
  });
}

/** A robot's alerts of the last day, newest first, open or not. */
export function useRecentAlerts(robot: string) {
  return useQuery({
    queryKey: [...keys.alertList, "recent", robot],
    queryFn: () => {
      const query = { robot_id: robot, time_range: "24h", limit: 20 } as const;
      return unwrap(api.GET("/api/v1/alerts", { params: { query } }));
    },
  });
}

/** What a list of resolved alerts is narrowed to. */
export interface AlertFilter {
  robot?: string | undefined;
  type?: string | undefined;
  severity?: Severity | undefined;
  time?: AlertTime | undefined;
}

export const alertTimes = ["1h", "6h", "24h", "7d", "30d"] as const;
export type AlertTime = (typeof alertTimes)[number];

const pageSize = 50;

/** Resolved alerts, newest first, page by page. */
export function useResolvedAlerts({ robot, type, severity, time }: AlertFilter, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: [...keys.alertList, "resolved", robot, type, severity, time],
    queryFn: ({ pageParam }) => {
      const query = {
        resolved: true,
        time_range: time ?? "all",
        limit: pageSize,
        ...(robot ? { robot_id: robot } : {}),
        ...(type ? { alert_type: type } : {}),
        ...(severity ? { severity } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      } as const;
      return unwrapPage(api.GET("/api/v1/alerts", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    enabled,
  });
}

/** Puts the server's answer where the page reads alerts. */
function useStoreAlerts() {
  const cache = useQueryClient();
  return (changed: readonly Alert[]) => {
    cache.setQueryData<Alert[]>(keys.openAlerts, (open) => open && applyAlerts(open, changed));
    void cache.invalidateQueries({ queryKey: keys.alertList });
  };
}

export function useAcknowledge() {
  const store = useStoreAlerts();
  return useMutation({
    mutationFn: ({ id, note }: { id: number; note: string }) =>
      unwrap(api.POST("/api/v1/alerts/{id}/acknowledge", { params: { path: { id } }, body: note ? { note } : {} })),
    onSuccess: (alert) => store([alert]),
  });
}

const resolve = (id: number) => unwrap(api.POST("/api/v1/alerts/{id}/resolve", { params: { path: { id } } }));

export function useAcknowledgeMany() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (ids: number[]) => unwrap(api.POST("/api/v1/alerts/acknowledge-all", { body: { ids } })),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: keys.openAlerts });
      void cache.invalidateQueries({ queryKey: keys.alertList });
    },
  });
}

const atOnce = 4;

/** Resolves alerts, a few at a time. It goes on after a failure and reports the first one at the end. */
export function useResolveMany() {
  const store = useStoreAlerts();
  return useMutation({
    mutationFn: async (ids: number[]) => {
      let failure: unknown;
      for (let i = 0; i < ids.length; i += atOnce) {
        const answers = await Promise.allSettled(ids.slice(i, i + atOnce).map(resolve));
        store(answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])));
        failure ??= answers.find((answer) => answer.status === "rejected")?.reason;
      }
      if (failure) throw failure;
    },
  });
}
