import { memo } from "react";
import { type Step, trailStep, trailSteps } from "@/live/readings";
import { cn } from "./cn";

interface Props {
  trail: readonly Step[];
  /** Fixed borders of the scale; those that are left out follow the values. */
  from?: number | undefined;
  to?: number | undefined;
  /** Least span of a scale that follows the values, so that noise does not look like news. */
  span?: number | undefined;
  className?: string;
}

const width = trailSteps;
const height = 32;

interface Piece {
  line: string;
  band: string;
}

/** Cuts a trail at its gaps and writes each piece as paths: the last value, and the band from least to most. */
export function pieces(trail: readonly Step[], low: number, high: number): Piece[] {
  const end = trail.at(-1)?.time ?? 0;
  const x = (step: Step) => (width - 1 - (end - step.time) / trailStep).toFixed(1);
  const y = (value: number) => (height - 2 - ((value - low) / (high - low)) * (height - 4)).toFixed(1);
  const runs: Step[][] = [];
  for (const step of trail) {
    const before = runs.at(-1)?.at(-1);
    if (before && step.time - before.time <= 3 * trailStep) runs.at(-1)?.push(step);
    else runs.push([step]);
  }
  return runs.map((run) => ({
    line: `M${run.map((step) => `${x(step)},${y(step.last)}`).join("L")}${run.length === 1 ? "h0.01" : ""}`,
    band: `M${run.map((step) => `${x(step)},${y(step.max)}`).join("L")}L${run
      .toReversed()
      .map((step) => `${x(step)},${y(step.min)}`)
      .join("L")}Z`,
  }));
}

/** The last ten minutes of a value without axes: whether it rises, falls or jumps. */
export const Sparkline = memo(function Sparkline({ trail, from, to, span = 0, className }: Props) {
  let low = from ?? Math.min(...trail.map((step) => step.min));
  let high = to ?? Math.max(...trail.map((step) => step.max));
  const missing = Math.max(span, 1e-9) - (high - low);
  if (missing > 0) {
    if (from === undefined) low -= to === undefined ? missing / 2 : missing;
    if (to === undefined) high += from === undefined ? missing / 2 : missing;
  }
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      className={cn("block h-8 w-full", className)}
    >
      {trail.length > 0 &&
        pieces(trail, low, high).map(({ line, band }) => (
          <g key={line.slice(0, 24)}>
            <path d={band} className="fill-accent/15" />
            <path
              d={line}
              fill="none"
              className="stroke-accent"
              strokeWidth="1.5"
              strokeLinecap="round"
              strokeLinejoin="round"
              vectorEffect="non-scaling-stroke"
            />
          </g>
        ))}
    </svg>
  );
});
