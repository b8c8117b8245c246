import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from "react";
import type uPlot from "uplot";
import { serverNow } from "@/live/hooks";
import type { CursorTime } from "./cursor";
import { feedPlot, type Mark, makePlot } from "./plot";
import { edges, paintEvery, type Span } from "./range";
import type { Scale, Threshold } from "./scale";
import { type Columns, columns, type Point, withTail } from "./shape";
import type { Tail } from "./tail";

/** One series of a chart. */
export interface Line {
  key: string;
  name: string;
  points: readonly Point[];
}

export interface PlotProps {
  label: string;
  lines: readonly Line[];
  /** Width of a bucket in ms; 0 for values by themselves. */
  step: number;
  span: Span;
  /** Where the newest values are while the span is live; `answered` (ms) is how far the lines reach. */
  tail?: Tail | undefined;
  answered: number;
  height: number;
  scale?: Scale | undefined;
  stepped?: boolean | undefined;
  thresholds: readonly Threshold[];
  marks?: readonly Mark[] | undefined;
  hidden: ReadonlySet<string>;
  onZoom?: ((from: number, to: number) => void) | undefined;
  onBack?: (() => void) | undefined;
}

interface Props extends PlotProps {
  cursor: CursorTime;
  /** Called after each painting with what was painted. */
  onPaint: (made: Columns, from: number, to: number) => void;
}

function paint(plot: uPlot, { lines, span, tail, answered, step, onPaint }: Props): void {
  const [from, to] = edges(span, serverNow());
  const merged = lines.map(({ key, points }) =>
    span.live && tail ? withTail(points, tail.after(key, answered), step) : points,
  );
  const made = columns(merged, step);
  feedPlot(plot, made, from, to);
  onPaint(made, from, to);
}

/** The picture of a chart. It paints by itself, outside of React, as often as it moves. */
export function Plot(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const now = useRef(props);
  now.current = props;
  const { lines, span, step, hidden, thresholds, marks, cursor, answered, height, label, stepped = false } = props;
  const names = lines.map((line) => line.key).join("\n\n");

  useEffect(() => {
    if (!box.current) return;
    const made = makePlot(box.current, {
      lines: names === "" ? 0 : names.split("\n\n").length,
      stepped,
      height,
      label,
      scale: () => now.current.scale ?? {},
      thresholds: () => now.current.thresholds,
      marks: () => now.current.marks ?? [],
      point: cursor.point,
      select: (from, to) => now.current.onZoom?.(from, to),
      back: () => now.current.onBack?.(),
    });
    plot.current = made;
    const stop = follow(made, box.current, height, cursor);
    return () => {
      stop();
      made.destroy();
      plot.current = undefined;
    };
  }, [names, stepped, height, label, cursor]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new plot must be painted too, and `paint` reads all props
  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    lines.forEach(({ key }, i) => {
      for (const series of [1 + 3 * i, 2 + 3 * i, 3 + 3 * i]) {
        if (made.series[series]?.show === hidden.has(key)) made.setSeries(series, { show: !hidden.has(key) });
      }
    });
    paint(made, now.current);
    if (!span.live) return;
    const timer = setInterval(() => {
      if (!document.hidden) paint(made, now.current);
    }, paintEvery(span));
    return () => clearInterval(timer);
  }, [lines, names, span, step, hidden, thresholds, marks, answered, height, stepped, label]);

  const touch = (event: PointerEvent<HTMLDivElement>) => {
    if (event.pointerType !== "touch" || !plot.current) return;
    const left = event.clientX - plot.current.over.getBoundingClientRect().left;
    plot.current.setCursor({ left, top: 1 });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: no element of HTML is a chart
    <div
      ref={box}
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor
      tabIndex={0}
      onKeyDown={(event) => plot.current && press(event, plot.current, props)}
      onPointerDown={touch}
      onPointerMove={touch}
      style={{ height }}
      className="touch-pan-y overflow-hidden rounded-md"
    />
  );
}

/** Lets a plot follow the size of its box, the theme and the cursor of the page. Returns what ends it. */
function follow(plot: uPlot, box: HTMLElement, height: number, cursor: CursorTime): () => void {
  const size = new ResizeObserver(() => {
    if (box.clientWidth > 0 && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height });
  });
  size.observe(box);
  const theme = new MutationObserver(() => plot.redraw(false, true));
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const stop = cursor.subscribe(() => {
    const time = cursor.current();
    plot.setCursor(
      { left: time === undefined ? -10 : plot.valToPos(time, "x"), top: -10 + 11 * Number(time !== undefined) },
      false,
    );
  });
  return () => {
    size.disconnect();
    theme.disconnect();
    stop();
  };
}

/** Arrow keys move the cursor, + and - zoom, Escape zooms out. */
function press(event: KeyboardEvent, plot: uPlot, { cursor, onZoom, onBack }: Props): void {
  const times = plot.data[0];
  const first = plot.scales.x?.min ?? 0;
  const last = plot.scales.x?.max ?? 0;
  const from = times.findIndex((time) => time >= first);
  const to = times.findLastIndex((time) => time <= last);
  const time = cursor.current();
  const at = time === undefined ? to : times.findIndex((each) => each >= time);
  const by = event.shiftKey ? 10 : 1;
  const goal = { ArrowLeft: at - by, ArrowRight: at + by, Home: from, End: to }[event.key];
  const middle = time ?? (first + last) / 2;
  const length = last - first;
  if (goal !== undefined && from >= 0) cursor.point(times[Math.min(to, Math.max(from, goal))]);
  else if (event.key === "+") onZoom?.(Math.max(first, middle - length / 4), Math.min(last, middle + length / 4));
  else if (event.key === "-" || event.key === "Escape") onBack?.();
  else return;
  event.preventDefault();
}
