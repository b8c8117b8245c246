import type { LogEntry } from "@/api/types";

/** So many lines are kept while the end is followed; older ones can be had from the server again. */
export const mostLines = 10_000;

/** So many are kept while somebody reads further up; what comes then is counted, and can be loaded. */
export const mostPaused = 50_000;

/** What stands in the place of lines that came faster than the browser took them. */
export interface Gap {
  gap: number;
  id: string;
}

export type Line = LogEntry | Gap;

export const isGap = (line: Line): line is Gap => "gap" in line;

export interface TailState {
  /** By ID, the oldest first. */
  lines: readonly Line[];
  /** Lines that came since the end was last in sight. */
  unseen: number;
  /** How many lines were put before or taken from the beginning in all: what was in sight moves by as many. */
  shift: number;
  /** Nothing older is left on the server. */
  complete: boolean;
}

export const emptyTail: TailState = { lines: [], unseen: 0, shift: 0, complete: false };

const lastID = (lines: readonly Line[]): number => {
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i];
    if (line && !isGap(line)) return line.id;
  }
  return 0;
};

/** The ID of the oldest line; undefined when there is none. */
export function firstID(lines: readonly Line[]): number | undefined {
  for (const line of lines) if (!isGap(line)) return line.id;
  return undefined;
}

/** New lines at the end, in any order and some perhaps known. While the end is followed, the beginning is cut. */
export function append(state: TailState, news: readonly LogEntry[], skipped: number, following: boolean): TailState {
  const last = lastID(state.lines);
  const added: Line[] = news.filter((line) => line.id > last).sort((a, b) => a.id - b.id);
  const count = added.length;
  if (skipped > 0) added.unshift({ gap: skipped, id: `gap ${last}` });
  if (added.length === 0) return state;
  if (!following && state.lines.length + added.length > mostPaused) return full(state, last, count + skipped);
  const lines = [...state.lines, ...added];
  const cut = following ? Math.max(0, lines.length - mostLines) : 0;
  return {
    lines: cut > 0 ? lines.slice(cut) : lines,
    unseen: following ? 0 : state.unseen + count + skipped,
    shift: state.shift - cut,
    complete: state.complete && cut === 0,
  };
}

/** There is no room for more: a gap at the end counts what came. */
function full(state: TailState, last: number, count: number): TailState {
  const end = state.lines.at(-1);
  const gap = end && isGap(end) ? { ...end, gap: end.gap + count } : { gap: count, id: `gap ${last}` };
  const before = end && isGap(end) ? state.lines.slice(0, -1) : state.lines;
  return { ...state, lines: [...before, gap], unseen: state.unseen + count };
}

/** A page of older lines before the beginning. A short page is the last one. */
export function prepend(state: TailState, page: readonly LogEntry[], pageSize: number): TailState {
  const first = firstID(state.lines) ?? Number.POSITIVE_INFINITY;
  const added = page.filter((line) => line.id < first).sort((a, b) => a.id - b.id);
  return {
    ...state,
    lines: [...added, ...state.lines],
    shift: state.shift + added.length,
    complete: page.length < pageSize,
  };
}

/**
 * The newest page takes the place of what is known, after a filter changed or the connection was lost. Lines that are
 * older than the page stay only if the page reaches back to them.
 */
export function refresh(state: TailState, page: readonly LogEntry[], pageSize: number): TailState {
  const sorted = [...page].sort((a, b) => a.id - b.id);
  const oldest = sorted[0]?.id;
  const older = oldest === undefined ? [] : state.lines.filter((line) => !isGap(line) && line.id < oldest);
  const reaches = page.length < pageSize || state.lines.some((line) => !isGap(line) && line.id >= (oldest ?? 0));
  if (!reaches || older.length === 0) {
    // Lines that came live while the page was on its way are newer than it.
    const newest = sorted.at(-1)?.id ?? 0;
    const newer = state.lines.filter((line) => !isGap(line) && line.id > newest);
    return { ...emptyTail, lines: [...sorted, ...newer], complete: page.length < pageSize };
  }
  const newest = sorted.at(-1)?.id ?? 0;
  const newer = state.lines.filter((line) => !isGap(line) && line.id > newest);
  return { ...state, lines: [...older, ...sorted, ...newer] };
}
