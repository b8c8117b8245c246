import type { WireReading } from "./frames";

/** The newest value of one series. A new object for every new value. */
export interface Reading {
  metric: string;
  source: string;
  value: number;
  time: number; // server time in ms
}

/** What happened in one step of a trail. */
export interface Step {
  time: number; // start, ms
  min: number;
  max: number;
  last: number;
}

/** Trails are for sparklines: ten minutes in steps of five seconds. */
export const trailStep = 5000;
export const trailSteps = 120;

interface Series {
  newest: Reading;
  trail: readonly Step[];
}

const noSteps: readonly Step[] = [];
const noReadings: readonly Reading[] = [];

/**
 * Readings holds the newest values of the watched robots outside of React: at 10 Hz and some hundred series a tree that
 * renders on every frame would do nothing else. Each part subscribes to the series, the metric or the robot it shows.
 */
export class Readings {
  private readonly robots = new Map<string, Map<string, Series>>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly lists = new Map<string, readonly Reading[]>();

  /** Takes the readings of a state frame; what the frame does not name is gone. */
  replace(robot: string, readings: readonly WireReading[]): void {
    const before = this.robots.get(robot);
    const after = new Map<string, Series>();
    for (const [metric, source, value, time] of readings) {
      const key = seriesKey(metric, source);
      const trail = before?.get(key)?.trail ?? noSteps;
      after.set(key, { newest: { metric, source, value, time }, trail: extend(trail, value, time) });
    }
    this.robots.set(robot, after);
    this.tell(robot, [...(before?.values() ?? []), ...after.values()]);
  }

  /** Takes the readings of a change frame. An older value than the known one is dropped. */
  update(robot: string, readings: readonly WireReading[]): void {
    const known = this.robots.get(robot) ?? new Map<string, Series>();
    this.robots.set(robot, known);
    const changed: Series[] = [];
    for (const [metric, source, value, time] of readings) {
      const key = seriesKey(metric, source);
      const series = known.get(key);
      if (series && time < series.newest.time) continue;
      const next = { newest: { metric, source, value, time }, trail: extend(series?.trail ?? noSteps, value, time) };
      known.set(key, next);
      changed.push(next);
    }
    this.tell(robot, changed);
  }

  /** Puts history before what came live. */
  seed(robot: string, metric: string, source: string, steps: readonly Step[]): void {
    const series = this.robots.get(robot)?.get(seriesKey(metric, source));
    if (!series) return;
    const first = series.trail[0]?.time ?? Number.POSITIVE_INFINITY;
    series.trail = [...steps.filter((step) => step.time < first), ...series.trail].slice(-trailSteps);
    this.tell(robot, [series]);
  }

  /** Forgets every robot that is not named. */
  keepOnly(robots: readonly string[]): void {
    for (const [robot, known] of this.robots) {
      if (robots.includes(robot)) continue;
      this.robots.delete(robot);
      this.tell(robot, [...known.values()]);
    }
  }

  newest(robot: string, metric: string, source = ""): Reading | undefined {
    return this.robots.get(robot)?.get(seriesKey(metric, source))?.newest;
  }

  trail(robot: string, metric: string, source = ""): readonly Step[] {
    return this.robots.get(robot)?.get(seriesKey(metric, source))?.trail ?? noSteps;
  }

  /** The newest values of a robot, of one metric or of all; the same array until one of them changes. */
  list(robot: string, metric?: string): readonly Reading[] {
    const key = metric === undefined ? robot : listKey(robot, metric);
    const kept = this.lists.get(key);
    if (kept) return kept;
    const known = this.robots.get(robot);
    if (!known) return noReadings;
    const all = [...known.values()].map((series) => series.newest);
    const list = metric === undefined ? all : all.filter((reading) => reading.metric === metric);
    this.lists.set(key, list);
    return list;
  }

  /** Calls the listener after a change of a series, of a metric (no source), or of anything of the robot (no metric). */
  subscribe(listener: () => void, robot: string, metric?: string, source?: string): () => void {
    const key = listenKey(robot, metric, source);
    const set = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.listeners.get(key) === set) this.listeners.delete(key);
    };
  }

  private tell(robot: string, changed: readonly Series[]): void {
    if (changed.length === 0) return;
    const keys = new Set([robot]);
    for (const { newest } of changed) {
      keys.add(listKey(robot, newest.metric));
      keys.add(listenKey(robot, newest.metric, newest.source));
    }
    for (const key of keys) this.lists.delete(key);
    for (const key of keys) for (const listener of this.listeners.get(key) ?? []) listener();
  }
}

const seriesKey = (metric: string, source: string) => `${metric}\n${source}`;
const listKey = (robot: string, metric: string) => `${robot}\n${metric}`;

function listenKey(robot: string, metric?: string, source?: string): string {
  if (metric === undefined) return robot;
  return source === undefined ? listKey(robot, metric) : `${robot}\n${metric}\n${source}`;
}

function extend(trail: readonly Step[], value: number, time: number): readonly Step[] {
  const start = Math.floor(time / trailStep) * trailStep;
  const last = trail[trail.length - 1];
  if (last && start < last.time) return trail;
  if (last?.time === start) {
    const merged = { time: start, min: Math.min(last.min, value), max: Math.max(last.max, value), last: value };
    return [...trail.slice(0, -1), merged];
  }
  return [...trail, { time: start, min: value, max: value, last: value }].slice(-trailSteps);
}
