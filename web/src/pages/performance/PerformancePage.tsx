import { useParams } from "@tanstack/react-router";
import { Gauge } from "lucide-react";
import { useCallback, useMemo } from "react";
import { useRobot } from "@/api/robots";
import { useT } from "@/i18n/translate";
import { useConnection, useReadings } from "@/live/hooks";
import { HistoryChart } from "@/parts/chart/HistoryChart";
import { type History, useHistory } from "@/parts/chart/history";
import { RangePicker } from "@/parts/chart/RangePicker";
import { lineKey } from "@/parts/chart/tail";
import { EmptyState, ErrorState } from "@/parts/states";
import { Tile } from "./Tile";
import { type Vital, values, written } from "./values";

const metrics = values.map((vital) => vital.metric);

/** The computer in the robot: how it is, and how it was. */
export function PerformancePage() {
  const t = useT();
  const { robot: id } = useParams({ from: "/shell/robots/$robot" });
  const { data: robot } = useRobot(id);
  const { phase, lostAt } = useConnection();
  const history = useHistory(id, { metrics });
  const reported = useReported(id, history);
  const online = robot?.online === true && (phase === "open" || lostAt === undefined);
  const known = values.filter((vital) => reported.has(vital.metric));
  return (
    <div className="grid gap-4">
      <h2 className="sr-only">{t("tab.performance")}</h2>
      <dl aria-label={t("perf.tiles")} className="grid grid-cols-2 gap-2 sm:grid-cols-5">
        {values.map((vital) => (
          <Tile
            key={vital.metric}
            {...{ vital, history, online }}
            reported={history.loading || reported.has(vital.metric)}
          />
        ))}
      </dl>
      <RangePicker range={history.range} busy={history.refining} />
      {history.error !== undefined && <ErrorState error={history.error} retry={history.retry} />}
      {history.error === undefined && !history.loading && known.length === 0 && (
        <EmptyState icon={<Gauge aria-hidden />} title={t("perf.nothing")} />
      )}
      {history.error === undefined && (
        <div className="grid gap-3 md:grid-cols-2 2xl:grid-cols-3">
          {(history.loading ? values : known).map((vital) => (
            <One key={vital.metric} vital={vital} history={history} />
          ))}
        </div>
      )}
    </div>
  );
}

/** The metrics that the robot reports: now, or in the time shown. */
function useReported(robot: string, history: History): ReadonlySet<string> {
  const readings = useReadings(robot);
  const now = readings.map((reading) => reading.metric).join(" ");
  return useMemo(() => {
    const all = new Set(now.split(" "));
    for (const { metric } of values) if (history.points.get(lineKey(metric, ""))?.length) all.add(metric);
    return all;
  }, [now, history.points]);
}

function One({ vital, history }: { vital: Vital; history: History }) {
  const t = useT();
  const title = t(vital.label);
  const write = useCallback((value: number) => written(vital, value, t)[0], [vital, t]);
  const sources = useMemo(() => [{ source: "", name: title }], [title]);
  return (
    <HistoryChart
      history={history}
      title={title}
      metric={vital.metric}
      sources={sources}
      unit={vital.unit}
      decimals={vital.decimals}
      scale={vital.scale}
      stepped={vital.flag}
      height={170}
      write={vital.unit === "" || vital.unit === "s" ? write : undefined}
    />
  );
}
