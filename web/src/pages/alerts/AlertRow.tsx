import { Link } from "@tanstack/react-router";
import { ChevronDown } from "lucide-react";
import { useId } from "react";
import type { Alert } from "@/api/types";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { AlertActions } from "./AlertActions";
import { Handled, Measured, Since } from "./AlertCells";
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
