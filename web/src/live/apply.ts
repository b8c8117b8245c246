import type { Alert, Summary } from "@/api/types";

/** Orders robots by ID, servo-style numbers by their value: r2 before r10. */
const byID = new Intl.Collator("en", { numeric: true }).compare;

/** Returns the fleet with the changed summaries in place and the removed robots gone; the same array if nothing changed. */
export function applyFleet(
  fleet: readonly Summary[],
  changed: readonly Summary[],
  removed: readonly string[],
): Summary[] {
  if (changed.length === 0 && removed.length === 0) return fleet as Summary[];
  const news = new Map(changed.map((summary) => [summary.robot_id, summary]));
  const gone = new Set(removed);
  const next: Summary[] = [];
  for (const summary of fleet) {
    if (gone.has(summary.robot_id)) continue;
    next.push(news.get(summary.robot_id) ?? summary);
    news.delete(summary.robot_id);
  }
  const added = [...news.values()].filter((summary) => !gone.has(summary.robot_id));
  return added.length === 0 ? next : sortFleet([...next, ...added]);
}

export function sortFleet(fleet: readonly Summary[]): Summary[] {
  return [...fleet].sort((a, b) => byID(a.robot_id, b.robot_id));
}

/** Returns the open alerts, newest first, after some alerts changed; resolved ones leave the list. */
export function applyAlerts(open: readonly Alert[], changed: readonly Alert[]): Alert[] {
  if (changed.length === 0) return open as Alert[];
  const byAlert = new Map(open.map((alert) => [alert.id, alert]));
  for (const alert of changed) {
    if (alert.resolved) byAlert.delete(alert.id);
    else byAlert.set(alert.id, alert);
  }
  return [...byAlert.values()].sort((a, b) => b.id - a.id);
}

const rank = { info: 1, warning: 2, critical: 3 };

/** Picks what a person should be told of: alerts that opened, and open ones that became worse. */
export function worthTelling(open: readonly Alert[], changed: readonly Alert[]): Alert[] {
  const before = new Map(open.map((alert) => [alert.id, alert]));
  return changed.filter((alert) => {
    if (alert.resolved || alert.acknowledged) return false;
    const known = before.get(alert.id);
    return !known || rank[alert.severity] > rank[known.severity];
  });
}
