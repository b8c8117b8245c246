import { type LogFilter, type LogLevel, type LogTime, logLevels, logTimes } from "@/api/logs";
import { compact, readOneOf, readSome, readText, readTime } from "@/parts/search";

export const defaultTime: LogTime = "24h";

/** What the URL says about the log. What is left out is the default. */
export interface LogSearch {
  robot?: string;
  /** Joined by commas. */
  levels?: string;
  category?: string;
  q?: string;
  time?: LogTime;
  from?: string;
  to?: string;
}

export function readLogSearch(raw: Record<string, unknown>): LogSearch {
  const time = readOneOf(logTimes, raw.time);
  const from = readTime(raw.from);
  const to = readTime(raw.to);
  const ordered = !from || !to || from < to;
  return compact<LogSearch>({
    robot: readText(raw.robot),
    levels: readSome(logLevels, raw.levels)?.join(","),
    category: readText(raw.category, 60),
    q: readText(raw.q, 200),
    time: time === defaultTime ? undefined : time,
    from: ordered ? from : undefined,
    to: ordered ? to : undefined,
  });
}

/** The levels that the URL asks for; undefined for all. */
export const levelsOf = (search: LogSearch): readonly LogLevel[] | undefined => readSome(logLevels, search.levels);

/** What the server is asked. Inside a robot only its own lines are listed. */
export function filterOf(search: LogSearch, robot: string | undefined): LogFilter {
  return {
    robot: robot ?? search.robot,
    levels: levelsOf(search),
    category: search.category,
    text: search.q,
    time: search.time ?? defaultTime,
    since: search.from,
    until: search.to,
  };
}

/** The level is added to those that are shown, or taken away; no level and all levels are the same. */
export function toggled(search: LogSearch, level: LogLevel): string | undefined {
  const now = levelsOf(search) ?? [];
  const next = now.includes(level) ? now.filter((each) => each !== level) : [...now, level];
  return readSome(logLevels, next.join(","))?.join(",");
}

/** Views that many people want, each a set of filters. */
export const quickViews = {
  all: {},
  errors: { levels: "ERROR,CRITICAL" },
  commands: { category: "command" },
} as const satisfies Record<string, LogSearch>;
export type QuickView = keyof typeof quickViews;

/** Which of the quick views the filters are, if any. */
export function quickViewOf(search: LogSearch): QuickView | undefined {
  if (search.levels === quickViews.errors.levels && !search.category) return "errors";
  if (search.category === "command" && !search.levels) return "commands";
  return !search.levels && !search.category ? "all" : undefined;
}

/** Reports whether anything but robot and time range narrows the log. */
export const narrowed = ({ levels, category, q, from, to }: LogSearch): boolean =>
  Boolean(levels || category || q || from || to);
