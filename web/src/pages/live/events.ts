import type { Alert } from "@/api/types";
import { parseTime } from "@/format/time";
import type { Translate } from "@/i18n/translate";
import type { NumberedEvent } from "@/live/feed";

/** One line of the list of last events. */
export interface EventLine {
  key: string;
  time: number;
  kind: "alert" | "resolved" | "connection" | "job" | "log" | "detections";
  severity?: Alert["severity"] | undefined;
  text: string;
}

const word = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

function labels(data: unknown): string {
  const list = Array.isArray(data) ? data : [data];
  const names = list.map((each) =>
    typeof each === "object" && each !== null && "label" in each ? word(each.label) : "",
  );
  return [...new Set(names.filter(Boolean))].join(", ");
}

function liveLine({ number, kind, time, data }: NumberedEvent, t: Translate): EventLine | undefined {
  const line = (text: string): EventLine => ({ key: `live ${number}`, time, kind, text });
  switch (kind) {
    case "connection":
      return line(t(data.connected === true ? "event.connected" : "event.disconnected"));
    case "job":
      return line(t("event.job", { task: word(data.task_name), status: word(data.status) || word(data.phase) }));
    case "log": {
      const level = word(data.level).toUpperCase();
      if (level === "DEBUG") return undefined;
      const severity =
        level === "ERROR" || level === "CRITICAL" ? "critical" : level === "WARNING" ? "warning" : undefined;
      return { ...line(word(data.message)), severity };
    }
    case "detections": {
      const seen = labels(data.detections ?? data);
      return seen ? line(t("event.detections", { labels: seen })) : undefined;
    }
  }
}

/** Leaves out the progress of a job that says the same as before. Both lists are newest first. */
function newSteps(events: readonly NumberedEvent[]): NumberedEvent[] {
  const last = new Map<string, string>();
  const news = events.toReversed().filter((event) => {
    if (event.kind !== "job") return true;
    const task = word(event.data.task_name);
    const step = word(event.data.status) || word(event.data.phase);
    if (last.get(task) === step) return false;
    last.set(task, step);
    return true;
  });
  return news.reverse();
}

function alertLines(alert: Alert, t: Translate): EventLine[] {
  const opened = parseTime(alert.created_at) ?? 0;
  const lines: EventLine[] = [
    {
      key: `alert ${alert.id}`,
      time: opened,
      kind: "alert",
      severity: alert.severity,
      text: t("event.opened", { title: alert.title }),
    },
  ];
  const resolved = parseTime(alert.resolved_at);
  if (alert.resolved && resolved) {
    lines.push({
      key: `resolved ${alert.id}`,
      time: resolved,
      kind: "resolved",
      text: t("event.resolved", { title: alert.title }),
    });
  }
  return lines;
}

/** Merges alerts and live events, newest first. Lines that say the same within a minute are one. */
export function eventLines(
  alerts: readonly Alert[],
  events: readonly NumberedEvent[],
  t: Translate,
  most = 30,
): EventLine[] {
  const all = [
    ...alerts.flatMap((alert) => alertLines(alert, t)),
    ...newSteps(events).flatMap((event) => liveLine(event, t) ?? []),
  ];
  all.sort((a, b) => b.time - a.time);
  const lines: EventLine[] = [];
  for (const line of all) {
    const before = lines.at(-1);
    if (before?.text === line.text && before.time - line.time < 60_000) continue;
    lines.push(line);
    if (lines.length === most) break;
  }
  return lines;
}
