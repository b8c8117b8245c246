import type { Reading } from "@/live/readings";
import type { Sample } from "./shape";

/** Values per series that are kept until the server's next answer counts them: half a minute at 10 Hz, and then some. */
const kept = 3000;

/** The name of a series on a page. */
export const lineKey = (metric: string, source: string): string => `${metric}\n${source}`;

/** Tail keeps the values that came live, for the end of charts that show the present. */
export class Tail {
  private readonly series = new Map<string, Sample[]>();

  /** Takes the newest readings; those it has it leaves. */
  add(readings: readonly Reading[]): void {
    for (const { metric, source, value, time } of readings) {
      const key = lineKey(metric, source);
      const known = this.series.get(key);
      if (!known) this.series.set(key, [[time, value]]);
      else if (time > (known.at(-1)?.[0] ?? 0)) {
        known.push([time, value]);
        if (known.length > kept) known.splice(0, known.length - kept);
      }
    }
  }

  /** Forgets what the server's answer up to a time (ms) counts. The newest value stays. */
  trim(upTo: number): void {
    for (const [key, samples] of this.series) {
      const first = samples.findIndex(([time]) => time > upTo);
      this.series.set(key, first < 0 ? samples.slice(-1) : samples.slice(first));
    }
  }

  /** The values of a series after a time (ms), oldest first. */
  after(key: string, time: number): readonly Sample[] {
    const samples = this.series.get(key) ?? [];
    const first = samples.findIndex(([at]) => at > time);
    return first < 0 ? [] : samples.slice(first);
  }
}
