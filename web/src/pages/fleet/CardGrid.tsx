import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";
import type { Summary } from "@/api/types";
import { cardHeight, RobotCard } from "./RobotCard";

const gap = 12;
const narrowest = 288;

/** The robots as cards; only the rows in sight exist. */
export function CardGrid({ robots, stale }: { robots: readonly Summary[]; stale: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const { columns, top } = useGrid(box);
  const rows = useWindowVirtualizer({
    count: Math.ceil(robots.length / columns),
    estimateSize: () => cardHeight,
    gap,
    overscan: 3,
    scrollMargin: top,
  });
  return (
    <div ref={box} style={{ height: rows.getTotalSize() }} className="relative">
      {rows.getVirtualItems().map((row) => (
        <div
          key={row.index}
          className="absolute inset-x-0 top-0 grid"
          style={{
            transform: `translateY(${row.start - top}px)`,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            gap,
          }}
        >
          {robots.slice(row.index * columns, (row.index + 1) * columns).map((robot) => (
            <RobotCard key={robot.robot_id} robot={robot} stale={stale} />
          ))}
        </div>
      ))}
    </div>
  );
}

/** How many columns fit, and where the grid begins in the page. */
function useGrid(box: React.RefObject<HTMLDivElement | null>): { columns: number; top: number } {
  const [grid, setGrid] = useState({ columns: 1, top: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const columns = Math.max(1, Math.floor((element.clientWidth + gap) / (narrowest + gap)));
      const top = Math.round(element.getBoundingClientRect().top + window.scrollY);
      setGrid((before) => (before.columns === columns && before.top === top ? before : { columns, top }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // What stands above may grow: robots that want to join, banners.
    if (element.parentElement) observer.observe(element.parentElement);
    return () => observer.disconnect();
  }, [box]);
  return grid;
}
