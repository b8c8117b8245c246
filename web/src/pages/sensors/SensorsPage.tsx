import { useParams } from "@tanstack/react-router";
import { Radar } from "lucide-react";
import { useMemo } from "react";
import { type Key, keyFor, useT } from "@/i18n/translate";
import { useReadings } from "@/live/hooks";
import { type History, useHistory } from "@/parts/chart/history";
import { RangePicker } from "@/parts/chart/RangePicker";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";
import { bySensor, groups, metrics, type SensorGroup } from "./groups";
import { SensorPanel } from "./SensorPanel";

const titles: Record<SensorGroup["id"], Key> = {
  imu: "sensor.imu",
  around: "sensor.around",
  location: "sensor.location",
  detection_confidence: "sensor.detection_confidence",
};

/** What the robot feels: every sensor that it sends, now and before, on one time axis. */
export function SensorsPage() {
  const t = useT();
  const { robot } = useParams({ from: "/shell/robots/$robot" });
  const history = useHistory(robot, { metrics });
  const sources = useSources(robot, history);
  const shown = groups
    .map((group) => ({ ...group, charts: group.charts.filter((chart) => sources.has(chart.metric)) }))
    .filter((group) => group.charts.length > 0);
  return (
    <div className="grid gap-4">
      <h2 className="sr-only">{t("tab.sensors")}</h2>
      <RangePicker range={history.range} busy={history.refining} />
      {history.error !== undefined && <ErrorState error={history.error} retry={history.retry} />}
      {history.loading && shown.length === 0 && <Skeleton className="h-80" />}
      {!history.loading && history.error === undefined && shown.length === 0 && (
        <EmptyState icon={<Radar aria-hidden />} title={t("sensor.nothing")}>
          {t("sensor.nothing_text")}
        </EmptyState>
      )}
      {history.error === undefined &&
        shown.map((group) => (
          <section key={group.id} aria-label={t(titles[group.id])} className="grid gap-2">
            {!group.charts.every((chart) => chart.metric === group.id) && (
              <h3 className="font-semibold">{t(titles[group.id])}</h3>
            )}
            <div
              className={group.id === "imu" ? "grid gap-3 xl:grid-cols-3" : "grid gap-3 md:grid-cols-2 xl:grid-cols-3"}
            >
              {group.charts.map((chart) => (
                <SensorPanel
                  key={chart.metric}
                  {...{ chart, history }}
                  title={t(keyFor("sensor", chart.metric) ?? "sensor.around")}
                  sources={sources.get(chart.metric) ?? []}
                />
              ))}
            </div>
          </section>
        ))}
    </div>
  );
}

/** The sources of each metric that the robot sends now or sent in the time shown. */
function useSources(robot: string, history: History): ReadonlyMap<string, readonly string[]> {
  const readings = useReadings(robot);
  const now = useMemo(() => readings.map(({ metric, source }) => `${metric}\n${source}`).join("\n\n"), [readings]);
  return useMemo(() => {
    const all = new Map<string, Set<string>>();
    for (const key of [...history.points.keys(), ...now.split("\n\n")]) {
      const [metric = "", source = ""] = key.split("\n");
      if (metrics.includes(metric)) all.set(metric, (all.get(metric) ?? new Set()).add(source));
    }
    return new Map([...all].map(([metric, sources]) => [metric, [...sources].sort(bySensor)]));
  }, [history.points, now]);
}
