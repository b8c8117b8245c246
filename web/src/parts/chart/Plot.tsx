import { type PointerEvent, useEffect, useRef } from "react";
import type uPlot from "uplot";
import { serverNow } from "@/live/hooks";
import type { CursorTime } from "./cursor";
import { follow, press } from "./handling";
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
  /** Length of a circle of values: 360 for angles that go on at −180 after 180. */
  around?: number | undefined;
  /** Writes the values at the axis where plain numbers would not do: yes or no where stepped, else seconds. */
  tick?: ((value: number) => string) | undefined;
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

function paint(plot: uPlot, { lines, span, tail, answered, step, around, onPaint }: Props): void {
  const [from, to] = edges(span, serverNow());
  const merged = lines.map(({ key, points }) =>
    span.live && tail ? withTail(points, tail.after(key, answered), step) : points,
  );
  const made = columns(merged, step, around);
  feedPlot(plot, made, from, to);
  onPaint(made, from, to);
}

/** The picture of a chart. It paints by itself, outside of React, as often as it moves. */
export function Plot(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const now = useRef(props);
  now.current = props;
  const {
    lines,
    span,
    step,
    hidden,
    thresholds,
    marks,
    cursor,
    answered,
    height,
    label,
    stepped = false,
    around,
    tick,
  } = props;
  const names = lines.map((line) => line.key).join("\n\n");

  useEffect(() => {
    if (!box.current) return;
    const made = makePlot(box.current, {
      lines: names === "" ? 0 : names.split("\n\n").length,
      stepped,
      around: around !== undefined,
      tick,
      height,
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
  }, [names, stepped, around, tick, height, cursor]);

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
  }, [lines, names, span, step, hidden, thresholds, marks, answered, height, stepped, around, tick]);

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
