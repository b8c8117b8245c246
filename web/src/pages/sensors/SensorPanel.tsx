import { useCallback, useMemo } from "react";
import { useMetrics } from "@/api/server";
import { flagText } from "@/format/flag";
import { keyFor, useT } from "@/i18n/translate";
import { useNow, useReadings } from "@/live/hooks";
import { Age } from "@/parts/Age";
import { HistoryChart } from "@/parts/chart/HistoryChart";
import type { History } from "@/parts/chart/history";
import { axisOf, type SensorChart } from "./groups";

interface Props {
  chart: SensorChart;
  history: History;
  title: string;
  sources: readonly string[];
}

// A value that is older than this is no longer "now".
const staleAfter = 5000;

/** One sensor, with a line for each of its axes or parts. The numbers beside the lines are now, or at the cursor. */
export function SensorPanel({ chart, history, title, sources }: Props) {
  const t = useT();
  const now = useNow();
  const readings = useReadings(history.robot, chart.metric);
  const { data: catalog } = useMetrics();
  const unit = catalog?.find((each) => each.metric === chart.metric)?.unit ?? history.units.get(chart.metric) ?? "";
  const newest = Math.max(0, ...readings.map((reading) => reading.time));
  const write = useCallback((value: number) => flagText(value, t), [t]);
  const names = sources.join("\n");
  const lines = useMemo(
    () =>
      names.split("\n").map((source) => {
        const axis = keyFor("axis", axisOf(source) ?? "");
        return { source, name: axis ? t(axis) : source || title };
      }),
    [names, title, t],
  );
  return (
    <HistoryChart
      history={history}
      title={title}
      metric={chart.metric}
      sources={lines}
      unit={unit}
      decimals={chart.decimals}
      scale={chart.scale}
      stepped={chart.flag}
      around={chart.around}
      height={180}
      write={chart.flag ? write : undefined}
      note={newest > 0 && now - newest > staleAfter ? <Age time={newest} className="text-ink-3 text-xs" /> : undefined}
    />
  );
}
