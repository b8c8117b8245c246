import { type ReactNode, useMemo } from "react";
import { useRules } from "@/api/rules";
import { Chart } from "./Chart";
import { CursorContext } from "./cursor";
import type { History } from "./history";
import type { Scale, Threshold } from "./scale";
import { lineKey } from "./tail";

interface Props {
  history: History;
  title: string;
  metric: string;
  unit: string;
  decimals?: number | undefined;
  /** The series of the metric, in the order of the legend. */
  sources: readonly { source: string; name: string }[];
  scale?: Scale | undefined;
  stepped?: boolean | undefined;
  around?: number | undefined;
  write?: ((value: number) => string) | undefined;
  height?: number | undefined;
  note?: ReactNode;
  className?: string | undefined;
}

/** A chart of one metric of a page's history, with the thresholds of the rules about it. */
export function HistoryChart({ history, metric, sources, ...rest }: Props) {
  const { points, range, step, answered, tail, cursor, loading, robot } = history;
  const thresholds = useThresholds(robot, metric);
  const lines = useMemo(
    () =>
      sources.map(({ source, name }) => {
        const key = lineKey(metric, source);
        return { key, name, points: points.get(key) ?? [] };
      }),
    [sources, metric, points],
  );
  return (
    <CursorContext value={cursor}>
      <Chart
        {...rest}
        {...{ lines, step, answered, tail, loading, thresholds }}
        span={range.span}
        onZoom={range.zoom}
        onBack={range.back}
      />
    </CursorContext>
  );
}

/** Warning and critical of the enabled rules about a metric of a robot. */
export function useThresholds(robot: string, metric: string): readonly Threshold[] {
  const { data: rules } = useRules(robot);
  return useMemo(
    () =>
      (rules ?? [])
        .filter((rule) => rule.enabled && rule.metric === metric)
        .flatMap((rule): Threshold[] => [
          { severity: "warning", value: rule.warning_threshold, below: rule.below },
          { severity: "critical", value: rule.critical_threshold, below: rule.below },
        ]),
    [rules, metric],
  );
}
