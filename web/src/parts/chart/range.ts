/** How far back a view looks. The names are the server's. */
export const presets = ["5m", "15m", "1h", "6h", "24h", "7d", "30d"] as const;
export type Preset = (typeof presets)[number];

export const defaultPreset: Preset = "15m";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Lengths of the presets in ms. */
export const lengths: Record<Preset, number> = {
  "5m": 5 * minute,
  "15m": 15 * minute,
  "1h": hour,
  "6h": 6 * hour,
  "24h": day,
  "7d": 7 * day,
  "30d": 30 * day,
};

/** The shortest time that can be looked at, and the longest that the server answers. */
export const shortest = 2000;
export const longest = 366 * day;

/** What the URL says about time. With `from` and `to` (RFC 3339) the view stands still; `range` is where it goes back to. */
export interface RangeSearch {
  range?: Preset;
  from?: string;
  to?: string;
}

/** The time that a view shows: the last `length` ms, moving on, or from one time to another. */
export type Span = { live: true; length: number } | { live: false; from: number; to: number };

/** Reads the URL; whatever makes no sense is left out. */
export function readRange(raw: Record<string, unknown>): RangeSearch {
  const search: RangeSearch = {};
  const range = presets.find((preset) => preset === raw.range);
  if (range && range !== defaultPreset) search.range = range;
  const from = typeof raw.from === "string" ? Date.parse(raw.from) : Number.NaN;
  const to = typeof raw.to === "string" ? Date.parse(raw.to) : Number.NaN;
  if (from >= 0 && to - from >= shortest && to - from <= longest) {
    search.from = new Date(from).toISOString();
    search.to = new Date(to).toISOString();
  }
  return search;
}

export function spanOf({ range, from, to }: RangeSearch): Span {
  if (from && to) return { live: false, from: Date.parse(from), to: Date.parse(to) };
  return { live: true, length: lengths[range ?? defaultPreset] };
}

/** First and last ms of a span. */
export function edges(span: Span, now: number): readonly [from: number, to: number] {
  return span.live ? [now - span.length, now] : [span.from, span.to];
}

export const lengthOf = (span: Span): number => (span.live ? span.length : span.to - span.from);

/** Puts two times in order, not closer than the shortest span and not later than now. */
export function fixed(a: number, b: number, now: number): { from: string; to: string } {
  const to = Math.min(Math.max(a, b), now);
  const from = Math.max(Math.min(a, b, to - shortest), to - longest);
  return { from: new Date(Math.round(from)).toISOString(), to: new Date(Math.round(to)).toISOString() };
}

/** Values by themselves are asked for below this length; above it the server makes buckets. */
const rawBelow = 2 * minute;

/** What the server is asked for a span. */
export function questionFor(span: Span): { range?: string; from?: string; to?: string; step?: string } {
  const raw = lengthOf(span) <= rawBelow ? { step: "0" } : {};
  if (!span.live) return { from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), ...raw };
  return { range: `${Math.round(span.length / 1000)}s`, ...raw };
}

/** How often a moving chart is painted: as often as it moves by about a pixel, twice a second at most. */
export function paintEvery(span: Span): number {
  return Math.min(2000, Math.max(500, lengthOf(span) / 1000));
}
