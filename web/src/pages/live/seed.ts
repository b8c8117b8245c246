import { useEffect } from "react";
import { useSeries } from "@/api/series";
import { useFeed, useHasReadings } from "@/live/hooks";
import { trailStep, trailSteps } from "@/live/readings";
import { vitals } from "./vitals";

const metrics = vitals.map((vital) => vital.metric);
const minutes = (trailSteps * trailStep) / 60_000;

/** Puts the last ten minutes of history before what comes live, once. */
export function useSeededTrails(robot: string): void {
  const { readings } = useFeed();
  const ready = useHasReadings(robot);
  const question = { robot, metrics, range: `${minutes}m`, step: `${trailStep / 1000}s` };
  const { data } = useSeries(question, { once: true });
  useEffect(() => {
    if (!ready || !data) return;
    for (const { metric, source, points } of data.series) {
      const steps = points.map((point) => {
        const [time = 0, min = 0, max = 0, , last = 0] = point ?? [];
        return { time, min, max, last };
      });
      readings.seed(robot, metric, source, steps);
    }
  }, [ready, data, readings, robot]);
}
