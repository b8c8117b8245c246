/** A bucket as the server sends it; a raw value is a bucket with count 1. Time is its start in ms. */
export type Point = readonly [time: number, min: number, max: number, mean: number, last: number, count: number];

/** A value with its time in ms. */
export type Sample = readonly [time: number, value: number];

/** null: nothing was measured, the line breaks. undefined: another line has a value here, this one goes on. */
export type Column = (number | null | undefined)[];

/** Lines on one time axis. */
export interface Columns {
  times: number[];
  mean: Column[];
  min: Column[];
  max: Column[];
}

/** Takes the points of an answer; one that is not a bucket is left out. */
export function toPoints(points: readonly (readonly number[] | null)[]): Point[] {
  return points.filter((point): point is number[] & Point => point?.length === 6);
}

/**
 * Returns the points with newer values put after them, in buckets of the same step (ms; 0: none). Values must be newer
 * than what the buckets already count.
 */
export function withTail(points: readonly Point[], tail: readonly Sample[], step: number): readonly Point[] {
  if (tail.length === 0) return points;
  const all = [...points];
  for (const [at, value] of tail) {
    const time = step > 0 ? Math.floor(at / step) * step : at;
    const last = all.at(-1);
    if (!last || time > last[0]) {
      all.push([time, value, value, value, value, 1]);
    } else if (time === last[0]) {
      const [, min, max, mean, , count] = last;
      const next = (mean * count + value) / (count + 1);
      all[all.length - 1] = [time, Math.min(min, value), Math.max(max, value), next, value, count + 1];
    }
  }
  return all;
}

/** The usual distance of points in ms, at least the step. Robots send some values less often than a step. */
export function spacing(points: readonly Point[], step: number): number {
  const distances: number[] = [];
  for (let i = 1; i < points.length; i++) distances.push((points[i]?.[0] ?? 0) - (points[i - 1]?.[0] ?? 0));
  distances.sort((a, b) => a - b);
  return Math.max(step, distances[Math.floor((distances.length - 1) / 2)] ?? 0, 1);
}

/** More than this many times the usual distance without a point is a gap. */
export const gapAfter = 3;

interface Row {
  time: number;
  point: Point | null;
}

/** Whether values that go around (360 for angles) passed from one end to the other between two points, or within one. */
function wraps([, min, max, mean]: Point, [, nextMin, nextMax, nextMean]: Point, around: number): boolean {
  const half = around / 2;
  return Math.abs(nextMean - mean) > half || max - min > half !== nextMax - nextMin > half;
}

/** The points of one line with a marker after each point that a gap or a wrap follows. */
function rows(points: readonly Point[], step: number, around: number): Row[] {
  const usual = spacing(points, step);
  const all: Row[] = [];
  for (const [i, point] of points.entries()) {
    all.push({ time: point[0], point });
    const next = points[i + 1];
    if (!next) continue;
    if (next[0] - point[0] > gapAfter * usual) all.push({ time: point[0] + usual, point: null });
    else if (wraps(point, next, around)) all.push({ time: (point[0] + next[0]) / 2, point: null });
  }
  return all;
}

/** Puts lines on one time axis. A line of values that go around breaks where it jumps from one end to the other. */
export function columns(
  lines: readonly (readonly Point[])[],
  step: number,
  around: number = Number.POSITIVE_INFINITY,
): Columns {
  const perLine = lines.map((points) => rows(points, step, around));
  const times = [...new Set(perLine.flatMap((line) => line.map((row) => row.time)))].sort((a, b) => a - b);
  const place = new Map(times.map((time, i) => [time, i]));
  const empty = (): Column[] => lines.map(() => new Array(times.length));
  const made: Columns = { times, mean: empty(), min: empty(), max: empty() };
  for (const [i, line] of perLine.entries()) {
    for (const { time, point } of line) {
      const at = place.get(time) as number;
      (made.min[i] as Column)[at] = point === null ? null : point[1];
      (made.max[i] as Column)[at] = point === null ? null : point[2];
      (made.mean[i] as Column)[at] = point === null ? null : point[3];
    }
  }
  return made;
}

/** What a line says at a place of the time axis. */
export interface Value {
  time: number;
  mean: number;
  min: number;
  max: number;
}

const nearby = 30;

/** The value of line i at a place, or the nearest one beside it that is not across a gap. */
export function valueAt(made: Columns, i: number, at: number): Value | undefined {
  const mean = made.mean[i] ?? [];
  for (let away = 0; away <= nearby; away++) {
    for (const k of away === 0 ? [at] : [at - away, at + away]) {
      const value = mean[k];
      if (value === null && away === 0) return undefined;
      if (value === null || value === undefined) continue;
      return { time: made.times[k] ?? 0, mean: value, min: made.min[i]?.[k] ?? value, max: made.max[i]?.[k] ?? value };
    }
  }
  return undefined;
}

/** The newest value of line i. */
export function newestOf(made: Columns, i: number): Value | undefined {
  for (let k = made.times.length - 1; k >= 0; k--) {
    const value = made.mean[i]?.[k];
    if (value === null || value === undefined) continue;
    return { time: made.times[k] ?? 0, mean: value, min: made.min[i]?.[k] ?? value, max: made.max[i]?.[k] ?? value };
  }
  return undefined;
}

/** Least, greatest and mean value of a line between two times; undefined when there is none. */
export function summarise(points: readonly Point[], from: number, to: number): Omit<Value, "time"> | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let n = 0;
  for (const point of points) {
    if (point[0] < from || point[0] > to) continue;
    min = Math.min(min, point[1]);
    max = Math.max(max, point[2]);
    sum += point[3] * point[5];
    n += point[5];
  }
  return n === 0 ? undefined : { min, max, mean: sum / n };
}
