/** One event of a recording: at which second what came. */
export interface CastEvent {
  at: number;
  kind: "o" | "r";
  /** Output as the terminal got it, or "columns×rows" of a new size. */
  data: string;
}

/** A recorded terminal (asciicast v2). */
export interface Cast {
  width: number;
  height: number;
  /** Length in seconds. */
  length: number;
  events: readonly CastEvent[];
}

/** Longer pauses are shortened to this many seconds: nobody wants to watch a person think. */
export const longestPause = 3;

/**
 * Reads an asciicast v2 file: a line of JSON with the size, then one line an event. Undefined if it is none. Input and
 * marks are left out; a last line that was cut off by a power cut is, too.
 */
export function readCast(text: string): Cast | undefined {
  const [first = "", ...rest] = text.split("\n");
  const header = parse(first);
  if (typeof header !== "object" || header === null || !("version" in header) || header.version !== 2) return undefined;
  const { width, height } = header as { width?: unknown; height?: unknown };
  const events: CastEvent[] = [];
  let before = 0;
  let shortened = 0;
  for (const line of rest) {
    const event = parse(line);
    if (!Array.isArray(event) || typeof event[0] !== "number" || typeof event[2] !== "string") continue;
    const [time, kind, data] = event as [number, unknown, string];
    shortened += Math.max(0, time - before - longestPause);
    before = Math.max(before, time);
    if (kind === "o" || kind === "r") events.push({ at: Math.max(0, time - shortened), kind, data });
  }
  return { width: size(width, 80), height: size(height, 24), length: events.at(-1)?.at ?? 0, events };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const size = (value: unknown, otherwise: number): number =>
  typeof value === "number" && value >= 1 && value <= 1000 ? Math.floor(value) : otherwise;

/** The columns and rows that an "r" event names. */
export function readSize(data: string): readonly [columns: number, rows: number] | undefined {
  const [, columns, rows] = /^(\d{1,4})x(\d{1,4})$/.exec(data) ?? [];
  return columns && rows ? [Math.max(2, Number(columns)), Math.max(1, Number(rows))] : undefined;
}

/** How many events come up to a second. */
export function eventsUntil(cast: Cast, at: number): number {
  let low = 0;
  let high = cast.events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cast.events[middle]?.at ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Writes seconds as minutes and seconds: "1:05". */
export function clockOf(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
