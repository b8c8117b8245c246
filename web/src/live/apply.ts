import type { Alert, Command, Job, Lease, Summary } from "@/api/types";

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

const keptCommands = 200;

/** Returns the commands, newest first, after some changed; the oldest of more than 200 leave the list. */
export function applyCommands(known: readonly Command[], changed: readonly Command[]): Command[] {
  if (changed.length === 0) return known as Command[];
  const byCommand = new Map(known.map((command) => [command.command_id, command]));
  for (const command of changed) {
    // An outcome does not become open again, whatever order the answers come in.
    const before = byCommand.get(command.command_id);
    if (before && before.status !== "sent" && command.status === "sent") continue;
    byCommand.set(command.command_id, command);
  }
  return [...byCommand.values()].sort(newestFirst).slice(0, keptCommands);
}

function newestFirst(a: Command, b: Command): number {
  return Date.parse(b.created_at) - Date.parse(a.created_at) || (a.command_id < b.command_id ? 1 : -1);
}

/** Returns the leases after some changed; a robot that nobody controls or asks for has none. */
export function applyLeases(known: readonly Lease[], changed: readonly Lease[]): Lease[] {
  if (changed.length === 0) return known as Lease[];
  const byRobot = new Map([...known, ...changed].map((lease) => [lease.robot_id, lease]));
  return [...byRobot.values()].filter((lease) => lease.holder !== "" || lease.asked_by !== "");
}

/** Returns the active jobs, newest first, after some changed; ended ones leave the list. */
export function applyJobs(active: readonly Job[], changed: readonly Job[]): Job[] {
  if (changed.length === 0) return active as Job[];
  const byJob = new Map([...active, ...changed].map((job) => [job.id, job]));
  return [...byJob.values()].filter((job) => job.status === "active").sort((a, b) => b.id - a.id);
}

/** Reports whether a job began or ended: progress alone changes neither the lists of jobs nor their totals. */
export function jobsMoved(active: readonly Job[], changed: readonly Job[]): boolean {
  const known = new Set(active.map((job) => job.id));
  return changed.some((job) => job.status !== "active" || !known.has(job.id));
}
