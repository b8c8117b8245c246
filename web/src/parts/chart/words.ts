import { useMemo } from "react";
import { noValue, withUnit } from "@/format/number";
import { useT } from "@/i18n/translate";
import type { PlotProps } from "./Plot";
import { edges } from "./range";
import { type Columns, newestOf, summarise, type Value, valueAt } from "./shape";

/** Writes a value for a person. */
export type Write = (value: number | undefined) => string;

/** Writes values in a unit, or in words of their own. */
export function writer(unit: string, decimals: number, own?: (value: number) => string): Write {
  if (own) return (value) => (value === undefined ? noValue : own(value));
  return (value) => withUnit(value, unit, decimals);
}

/** What line i says at a time (ms), or now. */
export function read(made: Columns, i: number, time: number | undefined): Value | undefined {
  if (time === undefined) return newestOf(made, i);
  const at = made.times.findIndex((each) => each >= time);
  return at < 0 ? undefined : valueAt(made, i, at);
}

/** All lines at the cursor in one sentence, for people who hear it. */
export function sentence(
  lines: readonly { name: string }[],
  values: readonly (Value | undefined)[],
  write: Write,
  when: string,
): string {
  return `${when}: ${lines.map(({ name }, i) => `${name} ${write(values[i]?.mean)}`).join(", ")}`;
}

/** The width of a bucket (ms) in its natural unit. */
export function stepText(step: number): string {
  const seconds = step / 1000;
  if (seconds < 60) return `${seconds}\u202fs`;
  if (seconds < 3600) return `${seconds / 60}\u202fmin`;
  return seconds < 86_400 ? `${seconds / 3600}\u202fh` : `${seconds / 86_400}\u202fd`;
}

type Shown = Pick<PlotProps, "lines" | "span" | "answered">;

/** What a chart shows, in words. */
export function useSummary({ lines, span, answered }: Shown, title: string, write: Write): string {
  const t = useT();
  return useMemo(() => {
    const [from, to] = edges(span, answered);
    const parts = lines.map(({ name, points }) => {
      const all = summarise(points, from, to);
      if (!all) return t("chart.says_nothing", { name });
      return t("chart.says", { name, min: write(all.min), mean: write(all.mean), max: write(all.max) });
    });
    return `${title}: ${parts.join("; ")}`;
  }, [lines, span, answered, title, write, t]);
}
