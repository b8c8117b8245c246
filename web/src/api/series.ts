import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";

/** A question for history. Give `range` (ends now), or `from` and `to` as RFC 3339. */
export interface SeriesQuestion {
  robot: string;
  metrics: string[];
  sources?: string[];
  range?: string;
  from?: string;
  to?: string;
  step?: string;
  points?: number;
}

export function fetchSeries({ robot, metrics, sources, ...rest }: SeriesQuestion, signal?: AbortSignal) {
  const query = { metric: metrics, ...(sources ? { source: sources } : {}), ...rest };
  return unwrap(
    api.GET("/api/v1/robots/{robot_id}/series", {
      params: { path: { robot_id: robot }, query },
      signal: signal ?? null,
    }),
  );
}

interface Asking {
  enabled?: boolean;
  /** Not again while the view is open. */
  once?: boolean;
}

/** History in buckets of [ms, min, max, mean, last, count]. A question without an end is asked again every 30 s. */
export function useSeries(question: SeriesQuestion, { enabled = true, once = false }: Asking = {}) {
  return useQuery({
    queryKey: [...keys.series(question.robot), question],
    queryFn: ({ signal }) => fetchSeries(question, signal),
    enabled,
    staleTime: once ? 60_000 : 15_000,
    refetchInterval: once || question.to ? false : 30_000,
    refetchOnWindowFocus: !once,
    placeholderData: (before) => before,
  });
}
