import { type AlertTime, alertTimes } from "@/api/alerts";
import type { Alert, Severity } from "@/api/types";
import { parseTime } from "@/format/time";
import { lengths } from "@/parts/chart/range";

export const states = ["open", "new", "resolved", "all"] as const;
export type State = (typeof states)[number];

export const severities = ["critical", "warning", "info"] as const satisfies readonly Severity[];

/** What the URL says about the list of alerts. What is left out is the default. */
export interface AlertSearch {
  state?: Exclude<State, "open">;
  severity?: Severity;
  robot?: string;
  type?: string;
  time?: AlertTime;
}

const text = (value: unknown, most: number): string | undefined => {
  const written = typeof value === "number" ? String(value) : value;
  return typeof written === "string" && written !== "" ? written.slice(0, most) : undefined;
};

/** Reads the URL; whatever makes no sense is left out. */
export function readAlertSearch(raw: Record<string, unknown>): AlertSearch {
  const search: AlertSearch = {};
  const state = states.find((each) => each === raw.state);
  if (state && state !== "open") search.state = state;
  const severity = severities.find((each) => each === raw.severity);
  if (severity) search.severity = severity;
  const robot = text(raw.robot, 100);
  if (robot) search.robot = robot;
  const type = text(raw.type, 50);
  if (type) search.type = type;
  const time = alertTimes.find((each) => each === raw.time);
  if (time) search.time = time;
  return search;
}

/** Picks the open alerts that the URL asks for, the worst first, then the newest. */
export function selectOpen(open: readonly Alert[], search: AlertSearch, now: number): Alert[] {
  const since = search.time ? now - lengths[search.time] : 0;
  return open
    .filter(
      (alert) =>
        (!search.severity || alert.severity === search.severity) &&
        (!search.robot || alert.robot_id === search.robot) &&
        (!search.type || alert.alert_type === search.type) &&
        (search.state !== "new" || !alert.acknowledged) &&
        (parseTime(alert.created_at) ?? 0) >= since,
    )
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.id - a.id);
}

/** Reports whether anything but the state narrows the list. */
export const narrowed = ({ severity, robot, type, time }: AlertSearch): boolean =>
  Boolean(severity || robot || type || time);
