import { useMemo } from "react";
import { useAllRules } from "@/api/rules";
import { useSeries } from "@/api/series";
import type { Alert } from "@/api/types";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { serverNow } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { Chart } from "@/parts/chart/Chart";
import type { Mark } from "@/parts/chart/plot";
import type { Threshold } from "@/parts/chart/scale";
import { toPoints } from "@/parts/chart/shape";
import { Notice } from "@/parts/Notice";

const around = 10 * 60_000;

/** Ten minutes before and after an alert began, with its thresholds and the moments when it began and ended. */
export function MomentChart({ alert, unit, source }: { alert: Alert; unit: string; source: string }) {
  const t = useT();
  const began = parseTime(alert.created_at) ?? 0;
  const span = useMemo(
    () => ({ live: false as const, from: began - around, to: Math.min(began + around, serverNow()) }),
    [began],
  );
  const { data, isPending, isError, refetch } = useSeries({
    robot: alert.robot_id,
    metrics: [alert.metric],
    ...(alert.source ? { sources: [alert.source] } : {}),
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
    points: 600,
  });
  const name = source || t("alerts.value");
  const lines = useMemo(
    () =>
      (data?.series ?? [])
        .filter((each) => each.source === alert.source)
        .map((each) => ({ key: each.source || each.metric, name, points: toPoints(each.points) })),
    [data, alert.source, name],
  );
  const marks = useMarks(alert, began);
  const thresholds = useThresholdsOf(alert);
  if (isError && !data) {
    return (
      <Notice tone="warning" role="alert">
        <span className="flex flex-wrap items-center gap-3">
          {t("alerts.moment_failed")}
          <Button size="small" onClick={() => void refetch()}>
            {t("action.retry")}
          </Button>
        </span>
      </Notice>
    );
  }
  return (
    <Chart
      title={t("alerts.moment")}
      unit={unit}
      lines={lines}
      step={(data?.step_seconds ?? 0) * 1000}
      answered={span.to}
      span={span}
      loading={isPending}
      marks={marks}
      thresholds={thresholds}
      height={150}
    />
  );
}

function useMarks(alert: Alert, began: number): readonly Mark[] {
  const ended = parseTime(alert.resolved_at);
  const color = { critical: "--bad", warning: "--warn", info: "--accent" }[alert.severity];
  return useMemo(
    () => [{ time: began, color }, ...(ended === undefined ? [] : [{ time: ended, color: "--ok" }])],
    [began, ended, color],
  );
}

/** Thresholds of the rule that raised it; of a rule that is gone only the one that the alert tells. */
function useThresholdsOf(alert: Alert): readonly Threshold[] {
  const { data: rules } = useAllRules();
  const rule = rules?.find((each) => each.id === alert.rule_id);
  return useMemo(() => {
    const severity = alert.severity === "critical" ? "critical" : "warning";
    if (!rule) return [{ severity, value: alert.threshold, below: alert.value < alert.threshold }];
    return [
      { severity: "warning", value: rule.warning_threshold, below: rule.below },
      { severity: "critical", value: rule.critical_threshold, below: rule.below },
    ];
  }, [rule, alert.severity, alert.threshold, alert.value]);
}
