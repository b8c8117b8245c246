import { Check } from "lucide-react";
import type { Alert } from "@/api/types";
import { noValue, withUnit } from "@/format/number";
import { duration, exact, parseTime } from "@/format/time";
import { type Translate, useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";

const mostDecimals = 2;

/** Decimals that a value of any unit needs: no zeros at the end, at most two. */
export const decimals = (value: number): number => `${Number(value.toFixed(mostDecimals))}`.split(".")[1]?.length ?? 0;

/** What was measured and the threshold that it passed. A robot that said goodbye was not silent: it has neither. */
export function Measured({ alert, unit, below }: { alert: Alert; unit: string; below: boolean }) {
  if (alert.metric === "" && alert.value === 0) return <span className="text-ink-3">{noValue}</span>;
  return (
    <>
      <span className="font-medium">{withUnit(alert.value, unit, decimals(alert.value))}</span>
      <span className="ml-1.5 text-ink-3">
        {below ? "≤" : "≥"} {withUnit(alert.threshold, unit, decimals(alert.threshold))}
      </span>
    </>
  );
}

/** When an alert began, and how long it lasted. */
export function Since({ alert }: { alert: Alert }) {
  const t = useT();
  const began = parseTime(alert.created_at);
  const ended = parseTime(alert.resolved_at);
  return (
    <>
      <Age time={began} />
      {began !== undefined && ended !== undefined && (
        <span className="block whitespace-nowrap text-ink-3 text-xs max-md:inline max-md:before:content-['_·_']">
          {t("alerts.lasted", { time: duration(ended - began) })}
        </span>
      )}
    </>
  );
}

/** Who took care of an alert, and how it ended. */
export function Handled({ alert }: { alert: Alert }) {
  const t = useT();
  if (!alert.acknowledged && !alert.resolved) return <span className="text-ink-3">{t("alerts.not_acknowledged")}</span>;
  const when = parseTime(alert.acknowledged ? alert.acknowledged_at : alert.resolved_at);
  return (
    <span title={`${exact(when)}${alert.note ? `\n${alert.note}` : ""}`} className="grid">
      <span className="inline-flex items-center gap-1 text-ink-2">
        {alert.acknowledged && <Check className="size-3.5 shrink-0 text-ok" aria-hidden />}
        {alert.acknowledged ? t("alerts.acknowledged_by", { who: alert.acknowledged_by }) : ended(alert, t)}
      </span>
      {alert.note && <span className="max-w-40 truncate text-ink-3">{alert.note}</span>}
    </span>
  );
}

export function ended(alert: Alert, t: Translate): string {
  if (alert.resolved_by === "itself" || alert.resolved_by === "") return t("alerts.resolved_itself");
  return t("alerts.resolved_by", { who: alert.resolved_by });
}
