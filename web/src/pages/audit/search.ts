import type { AuditFilter } from "@/api/audit";
import { compact, readOneOf, readText, readTime } from "@/parts/search";

export const auditTimes = ["24h", "7d", "30d"] as const;
export type AuditTime = (typeof auditTimes)[number];

const hours: Record<AuditTime, number> = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24 };

/** What the URL says about the audit log. What is left out is the default. */
export interface AuditSearch {
  user?: string;
  action?: string;
  robot?: string;
  time?: AuditTime;
  from?: string;
  to?: string;
}

export function readAuditSearch(raw: Record<string, unknown>): AuditSearch {
  const from = readTime(raw.from);
  const to = readTime(raw.to);
  const ordered = !from || !to || from < to;
  return compact<AuditSearch>({
    user: readText(raw.user),
    action: readText(raw.action, 60),
    robot: readText(raw.robot),
    time: readOneOf(auditTimes, raw.time),
    from: ordered ? from : undefined,
    to: ordered ? to : undefined,
  });
}

const minute = 60_000;

/** What the server is asked. Whole minutes, so that the question stays the same for a while. */
export function auditFilter({ user, action, robot, time, from, to }: AuditSearch, now: number): AuditFilter {
  const since = time
    ? new Date(Math.floor(now / minute) * minute - hours[time] * 60 * minute).toISOString()
    : undefined;
  return { user, action, robot, since: from ?? (to ? undefined : since), until: to };
}

/** The groups of actions and the actions, as a list to choose from: "user", then "user.create", … */
export function actionChoices(actions: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const action of actions) {
    const group = action.split(".")[0] ?? action;
    groups.set(group, [...(groups.get(group) ?? []), action]);
  }
  return [...groups]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([group, list]) => (list.length === 1 && list[0] !== group ? list : [...new Set([group, ...list])]));
}

/** What the URL says about the recordings. */
export interface RecordingSearch {
  robot?: string;
  /** The one that is played. */
  play?: string;
}

export const readRecordingSearch = (raw: Record<string, unknown>): RecordingSearch =>
  compact<RecordingSearch>({ robot: readText(raw.robot), play: readText(raw.play) });
