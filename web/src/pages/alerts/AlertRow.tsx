import { Link } from "@tanstack/react-router";
import { Check, ChevronDown } from "lucide-react";
import { useId } from "react";
import type { Alert } from "@/api/types";
import { noValue, withUnit } from "@/format/number";
import { duration, exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { cn } from "@/parts/cn";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { AlertActions } from "./AlertActions";
import { AlertDetails } from "./AlertDetails";

interface Props {
  alert: Alert;
  unit: string;
  /** Low values are bad. */
  below: boolean;
  /** Which joint or sensor, for a person; empty when there is just one. */
  source: string;
  columns: number;
  ofRobot: boolean;
  selected: boolean;
  onSelect: (() => void) | undefined;
  open: boolean;
  onOpen: () => void;
}

/** An alert in a line; pressing the line opens what is known of it. */
export function AlertRow({ alert, unit, below, source, columns, ofRobot, selected, onSelect, open, onOpen }: Props) {
  const t = useT();
  const id = useId();
  const robot = (
    <Link
      to="/robots/$robot"
      params={{ robot: alert.robot_id }}
      className="text-accent underline-offset-2 hover:underline"
    >
      {alert.robot_id}
    </Link>
  );
  return (
    <>
      <tr
        className={cn(
          "border-line border-t hover:bg-sunken",
          selected && "bg-accent-soft/50",
          alert.resolved && "text-ink-2",
        )}
      >
        {onSelect && (
          <td className="pl-4">
            {!alert.resolved && (
              <input
                type="checkbox"
                aria-label={t("alerts.select", { title: alert.title })}
                checked={selected}
                onChange={onSelect}
                className="size-4 accent-accent"
              />
            )}
          </td>
        )}
        <td className="px-3 max-sm:hidden">
          <SeverityBadge severity={alert.severity} />
        </td>
        <td className="px-3 py-2.5">
          <SeverityBadge severity={alert.severity} className="mb-1 sm:hidden" />
          <p className="font-medium">{alert.title}</p>
          <p className="text-ink-3 text-xs">
            {source && <span className="font-medium text-ink-2">{source}: </span>}
            {alert.message}
          </p>
          <p className="mt-1 flex flex-wrap gap-x-3 text-ink-3 text-xs lg:hidden">
            {!ofRobot && robot}
            <span className="md:hidden">
              <Since alert={alert} />
            </span>
          </p>
        </td>
        {!ofRobot && <td className="px-3 max-lg:hidden">{robot}</td>}
        <td className="whitespace-nowrap px-3 max-lg:hidden">
          <Measured {...{ alert, unit, below }} />
        </td>
        <td className="px-3 text-ink-2 max-md:hidden">
          <Since alert={alert} />
        </td>
        <td className="px-3 text-xs max-xl:hidden">
          <Handled alert={alert} />
        </td>
        <td className="px-2">
          <div className="flex items-center justify-end gap-1">
            <span className="contents max-md:hidden">
              <AlertActions alert={alert} compact />
            </span>
            <button
              type="button"
              aria-expanded={open}
              aria-controls={id}
              aria-label={t("alerts.details", { title: alert.title })}
              onClick={onOpen}
              className="grid size-9 place-items-center rounded-lg text-ink-3 hover:bg-surface hover:text-ink max-md:size-11"
            >
              <ChevronDown className={cn("size-4 transition-transform", open && "rotate-180")} aria-hidden />
            </button>
          </div>
        </td>
      </tr>
      {open && (
        <tr id={id}>
          <td colSpan={columns} className="bg-sunken/60 p-3 sm:px-4">
            <AlertDetails alert={alert} unit={unit} source={source} />
          </td>
        </tr>
      )}
    </>
  );
}

export const decimals = (value: number): number => (Number.isInteger(value) ? 0 : Math.abs(value) < 20 ? 2 : 1);

/** What was measured and the threshold that it passed. A robot that said goodbye was not silent: it has neither. */
function Measured({ alert, unit, below }: Pick<Props, "alert" | "unit" | "below">) {
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

function Since({ alert }: { alert: Alert }) {
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

function Handled({ alert }: { alert: Alert }) {
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

export function ended(alert: Alert, t: ReturnType<typeof useT>): string {
  if (alert.resolved_by === "itself" || alert.resolved_by === "") return t("alerts.resolved_itself");
  return t("alerts.resolved_by", { who: alert.resolved_by });
}
