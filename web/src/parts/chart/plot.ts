import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { number } from "@/format/number";
import { lookOf, resolve } from "./look";
import { borders, type Scale, type Threshold } from "./scale";
import type { Column, Columns } from "./shape";
import { timeTicks } from "./ticks";

/** A moment that is marked with an upright line. */
export interface Mark {
  time: number;
  color: string; // a CSS variable
}

/** What a plot asks its owner for each time it paints or is used. */
export interface PlotOwner {
  lines: number;
  stepped: boolean;
  /** Values go around; lines break where they do. */
  around: boolean;
  height: number;
  scale: () => Scale;
  thresholds: () => readonly Threshold[];
  marks: () => readonly Mark[];
  /** Writes yes or no where the plot is stepped, else a duration in seconds. */
  tick: ((value: number) => string) | undefined;
  point: (time: number | undefined) => void;
  select: (from: number, to: number) => void;
  back: () => void;
}

const axisFont = '11px "Inter Variable", system-ui, sans-serif';
// Widths of the value axis (px): all charts of a page with numbers have the same, so that their times are in line.
const narrow = 46;
const wide = 76;
// Distances of ticks (s) that are whole numbers in the two units that a duration is written with.
const days = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map((n) => n * 86_400);
const durations = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, ...days];
const dragAtLeast = 6; // px; less is a click

/** Makes an empty plot in a box. Line i owns the series 1 + 3i (mean), 2 + 3i (min) and 3 + 3i (max). */
export function makePlot(box: HTMLElement, owner: PlotOwner): uPlot {
  const axis = { stroke: () => resolve("--ink-3"), font: axisFont, ticks: { show: false } };
  const grid = { stroke: () => resolve("--line"), width: 1 };
  return new uPlot(
    {
      width: box.clientWidth || 300,
      height: owner.height,
      ms: 1,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: true, auto: false },
        y: { range: (_, low, high) => borders(low, high, owner.scale(), owner.thresholds()) },
      },
      axes: [
        {
          ...axis,
          grid,
          size: 26,
          gap: 6,
          space: 72,
          values: (_, splits, _i, _space, distance) => timeTicks(splits, distance),
        },
        {
          ...axis,
          grid,
          size: owner.tick && !owner.stepped ? wide : narrow,
          gap: 6,
          space: 32,
          ...(owner.stepped ? { splits: () => [0, 1] } : {}),
          ...(owner.tick && !owner.stepped ? { incrs: durations } : {}),
          values: (_, splits) => valueTicks(splits, owner),
        },
      ],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: dragAtLeast },
        points: { size: 7 },
        bind: {
          dblclick: () => () => {
            owner.back();
            return null;
          },
        },
      },
      series: [{}, ...Array.from({ length: owner.lines }, (_, i) => seriesOf(i, owner)).flat()],
      bands: Array.from({ length: owner.lines }, (_, i) => ({
        series: [3 + 3 * i, 2 + 3 * i] as [number, number],
        fill: () => `${resolve(lookOf(i).color)}26`,
      })),
      hooks: {
        draw: [(plot) => drawMarks(plot, owner)],
        setCursor: [
          (plot) => {
            const left = plot.cursor.left ?? -1;
            owner.point(left < 0 || plot.cursor.idx == null ? undefined : plot.data[0][plot.cursor.idx]);
          },
        ],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < dragAtLeast) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            owner.select(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          },
        ],
      },
    },
    [[], ...Array.from({ length: 3 * owner.lines }, () => [])] as unknown as uPlot.AlignedData,
    box,
  );
}

function valueTicks(splits: readonly number[], { tick }: PlotOwner): string[] {
  if (tick) return splits.map(tick);
  const distance = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  const decimals = Math.min(4, Math.max(0, Math.ceil(-Math.log10(distance) - 1e-9)));
  return splits.map((value) => number(value, decimals));
}

/** Widens gaps that are narrower than the stroke that crosses them. */
const widen: uPlot.Series.GapsRefiner = (_plot, _series, _from, _to, gaps) =>
  gaps.map(([from, to]) => {
    const missing = Math.max(0, 4 * uPlot.pxRatio - (to - from)) / 2;
    return [from - missing, to + missing];
  });

function seriesOf(i: number, { stepped, around }: PlotOwner): uPlot.Series[] {
  const { color, dash } = lookOf(i);
  const paths = stepped ? uPlot.paths.stepped?.({ align: 1 }) : uPlot.paths.linear?.();
  const shared = { ...(paths ? { paths } : {}), spanGaps: false, ...(around ? { gaps: widen } : {}) };
  const edge: uPlot.Series = { ...shared, width: 0, points: { show: false } };
  const mean: uPlot.Series = {
    ...shared,
    stroke: () => resolve(color),
    width: 1.6,
    dash: [...dash],
    points: {
      show: true,
      size: 4,
      width: 0,
      fill: () => resolve(color),
      filter: (plot, series) => lonely(plot.data[series] ?? []),
    },
  };
  return [mean, edge, { ...edge }];
}

/** Places of values without a neighbour: a line of one point is not seen. */
export function lonely(column: ArrayLike<number | null | undefined>): number[] {
  const all: number[] = [];
  let last = -1;
  let run = 0;
  for (let i = 0; i <= column.length; i++) {
    const value = i < column.length ? column[i] : null;
    if (value === undefined) continue;
    if (value !== null) {
      run++;
      last = i;
      continue;
    }
    if (run === 1) all.push(last);
    run = 0;
  }
  return all;
}

/** Puts new data into a plot and shows a time. */
export function feedPlot(plot: uPlot, made: Columns, from: number, to: number): void {
  const data: (readonly number[] | Column)[] = [made.times];
  for (let i = 0; i < made.mean.length; i++) data.push(made.mean[i] ?? [], made.min[i] ?? [], made.max[i] ?? []);
  plot.batch(() => {
    plot.setData(data as uPlot.AlignedData, false);
    plot.setScale("x", { min: from, max: to });
  });
}

const thresholdLook = {
  warning: { color: "--warn", dash: [4, 4], sign: "▲" },
  critical: { color: "--bad", dash: [8, 3, 2, 3], sign: "▲▲" },
};

function drawMarks(plot: uPlot, owner: PlotOwner): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.textBaseline = "alphabetic";
  ctx.font = `${10 * ratio}px "Inter Variable", system-ui, sans-serif`;
  for (const { severity, value, below } of owner.thresholds()) {
    const y = plot.valToPos(value, "y", true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    const { color, dash, sign } = thresholdLook[severity];
    ctx.strokeStyle = ctx.fillStyle = resolve(color);
    ctx.setLineDash(dash.map((n) => n * ratio));
    stroke(ctx, bbox.left, y, bbox.left + bbox.width, y);
    const up = below ? y + 11 * ratio : y - 3 * ratio;
    ctx.textAlign = "right";
    label(
      ctx,
      `${below ? sign.replaceAll("▲", "▼") : sign} ${number(value, Number.isInteger(value) ? 0 : 1)}`,
      bbox.left + bbox.width - 2 * ratio,
      up,
    );
  }
  ctx.setLineDash([]);
  for (const { time, color } of owner.marks()) {
    const x = plot.valToPos(time, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = resolve(color);
    stroke(ctx, x, bbox.top, x, bbox.top + bbox.height);
  }
  ctx.restore();
}

/** Text with a border in the colour of the ground, so that it can be read across lines. */
function label(ctx: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  ctx.save();
  ctx.setLineDash([]);
  ctx.strokeStyle = resolve("--surface");
  ctx.lineWidth *= 4;
  ctx.lineJoin = "round";
  ctx.strokeText(text, x, y);
  ctx.restore();
  ctx.fillText(text, x, y);
}

function stroke(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
