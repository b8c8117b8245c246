import type { KeyboardEvent } from "react";
import type uPlot from "uplot";
import type { CursorTime } from "./cursor";

/** What keys on a plot change. */
interface Handled {
  cursor: CursorTime;
  onZoom?: ((from: number, to: number) => void) | undefined;
  onBack?: (() => void) | undefined;
}

/** Lets a plot follow the size of its box, the theme and the cursor of the page. Returns what ends it. */
export function follow(plot: uPlot, box: HTMLElement, height: number, cursor: CursorTime): () => void {
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
export function press(event: KeyboardEvent, plot: uPlot, { cursor, onZoom, onBack }: Handled): void {
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
