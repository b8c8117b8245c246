import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { withQuery } from "./download";
import { keys } from "./keys";
import type { LogEntry } from "./types";

export const logLevels = [
  "DEBUG",
  "INFO",
  "WARNING",
  "ERROR",
  "CRITICAL",
] as const satisfies readonly LogEntry["level"][];
export type LogLevel = (typeof logLevels)[number];

export const logTimes = ["1h", "6h", "24h", "7d", "30d", "all"] as const;
export type LogTime = (typeof logTimes)[number];

/** Which lines are asked for. With `since` or `until` (RFC 3339) the time range does not count. */
export interface LogFilter {
  robot?: string | undefined;
  levels?: readonly LogLevel[] | undefined;
  category?: string | undefined;
  text?: string | undefined;
  time: LogTime;
  since?: string | undefined;
  until?: string | undefined;
}

/** How many lines one answer holds. */
export const logPage = 500;

const question = ({ robot, levels, category, text, time, since, until }: LogFilter) => ({
  time_range: since || until ? ("all" as const) : time,
  ...(robot ? { robot_id: robot } : {}),
  ...(levels ? { levels: [...levels] } : {}),
  ...(category ? { category } : {}),
  ...(text ? { search: text } : {}),
  ...(since ? { since } : {}),
  ...(until ? { until } : {}),
});

/** The newest lines, or those older than the line `before`; newest first, at most logPage. */
export function fetchLogs(filter: LogFilter, before?: number): Promise<LogEntry[]> {
  const query = { ...question(filter), limit: logPage, ...(before ? { before } : {}) };
  return unwrap(api.GET("/api/v1/logs", { params: { query } }));
}

/** How many lines of each level there are; of one robot or all, in a time range. */
export function useLogStats(robot: string | undefined, time: LogTime) {
  return useQuery({
    queryKey: [...keys.logStats, robot, time],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/logs/stats", {
          params: { query: { time_range: time, ...(robot ? { robot_id: robot } : {}) } },
        }),
      ),
    refetchInterval: 15_000,
    staleTime: 5000,
  });
}

/** The categories of the original system; robots add robot_<source>. */
export function useLogCategories() {
  return useQuery({
    queryKey: keys.logCategories,
    queryFn: () => unwrap(api.GET("/api/v1/logs/categories")),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Deletes lines older than some days. */
export function useClearLogs() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (days: number) => unwrap(api.DELETE("/api/v1/logs/clear", { params: { query: { days } } })),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.logStats }),
  });
}

/** Where the lines of a filter can be had as a file. */
export const logExport = (form: "csv" | "json", filter: LogFilter): string =>
  withQuery(`/api/v1/logs/export/${form}`, question(filter));
