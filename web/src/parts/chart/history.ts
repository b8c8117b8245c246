import { useEffect, useMemo, useState } from "react";
import { useSeries } from "@/api/series";
import { parseTime } from "@/format/time";
import { useFeed, useWatch } from "@/live/hooks";
import { CursorTime } from "./cursor";
import { questionFor } from "./range";
import { type Point, toPoints } from "./shape";
import { lineKey, Tail } from "./tail";
import { type Range, useRange } from "./useRange";

/** Buckets of a series for one width of a chart. */
const buckets = 600;

/** What a page knows of the past of a robot, for all of its charts at once. */
export interface History {
  robot: string;
  range: Range;
  step: number; // ms
  answered: number; // ms; how far the points reach
  points: ReadonlyMap<string, readonly Point[]>;
  units: ReadonlyMap<string, string>;
  tail: Tail;
  cursor: CursorTime;
  loading: boolean;
  /** The server was asked for something finer and did not answer yet. */
  refining: boolean;
  error: unknown;
  retry: () => void;
}

interface Asked {
  metrics: readonly string[];
  /** Only these sources; all when left out. */
  sources?: readonly string[] | undefined;
  enabled?: boolean;
}

/** The history of some metrics of a robot over the time in the URL, with what comes live. */
export function useHistory(robot: string, { metrics, sources, enabled = true }: Asked): History {
  const range = useRange();
  useWatch({ robots: { [robot]: metrics } });
  const question = {
    robot,
    metrics: [...metrics],
    points: buckets,
    ...(sources ? { sources: [...sources] } : {}),
    ...questionFor(range.span),
  };
  const { data, isPending, isPlaceholderData, isError, error, refetch } = useSeries(question, { enabled });
  const answered = parseTime(data?.to) ?? 0;
  const tail = useTail(robot, metrics, answered);
  const [cursor] = useState(() => new CursorTime());
  return useMemo(() => {
    const series = data?.series ?? [];
    return {
      robot,
      range,
      step: (data?.step_seconds ?? 0) * 1000,
      answered,
      points: new Map(series.map((each) => [lineKey(each.metric, each.source), toPoints(each.points)])),
      units: new Map(series.map((each) => [each.metric, each.unit])),
      tail,
      cursor,
      loading: enabled && isPending,
      refining: isPlaceholderData,
      error: isError && !data ? error : undefined,
      retry: () => void refetch(),
    };
  }, [robot, range, data, answered, tail, cursor, enabled, isPending, isPlaceholderData, isError, error, refetch]);
}

/** Collects what comes live of some metrics while the page is open. */
function useTail(robot: string, metrics: readonly string[], answered: number): Tail {
  const { readings } = useFeed();
  const [tail] = useState(() => new Tail());
  const names = metrics.join(" ");
  useEffect(() => {
    const stops = names.split(" ").map((metric) => {
      const take = () => tail.add(readings.list(robot, metric));
      take();
      return readings.subscribe(take, robot, metric);
    });
    return () => {
      for (const stop of stops) stop();
    };
  }, [readings, robot, names, tail]);
  useEffect(() => tail.trim(answered), [tail, answered]);
  return tail;
}
