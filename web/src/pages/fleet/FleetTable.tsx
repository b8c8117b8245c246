import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { memo, useLayoutEffect, useRef, useState } from "react";
import type { Summary } from "@/api/types";
import { withUnit } from "@/format/number";
import { parseTime } from "@/format/time";
import { type Key, keyFor, useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { Battery } from "@/parts/Battery";
import { cn } from "@/parts/cn";
import { LinkBars } from "@/parts/LinkBars";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { StatusDot, statusOf } from "@/parts/StatusDot";
import { hottestName } from "./joint";
import type { Sort } from "./search";

const rowHeight = 44;

const columns: readonly (readonly [sort: Sort, title: Key, look: string])[] = [
  ["name", "fleet.robot", "w-[22%] max-md:w-[31%]"],
  ["status", "fleet.status", "w-[17%] max-md:w-[25%]"],
  ["battery", "value.battery", "w-[14%] max-md:w-[24%]"],
  ["temperature", "value.hottest", "w-[17%] max-md:hidden"],
  ["cpu", "value.cpu", "max-lg:hidden"],
  ["link", "fleet.link", "max-lg:hidden"],
  ["seen", "value.age", "w-[10%] max-md:hidden"],
  ["alerts", "fleet.sort.alerts", ""],
];

interface Props {
  robots: readonly Summary[];
  stale: boolean;
  sort: Sort;
  down: boolean;
  onSort: (sort: Sort) => void;
}

/** The robots as a list that is sorted by its headings; only the rows in sight exist. */
export function FleetTable({ robots, stale, sort, down, onSort }: Props) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(box.current?.offsetTop ?? 0), []);
  const rows = useWindowVirtualizer({
    count: robots.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
  });
  const items = rows.getVirtualItems();
  const before = (items[0]?.start ?? top) - top;
  const after = rows.getTotalSize() - ((items.at(-1)?.end ?? top) - top);
  return (
    <div ref={box} className="card overflow-x-clip">
      <table className="w-full table-fixed text-left">
        <thead className="sticky top-14 z-10 rounded-t-xl bg-surface [&_th:first-child]:rounded-tl-xl [&_th:last-child]:rounded-tr-xl shadow-[inset_0_-1px_0_var(--line)]">
          <tr>
            {columns.map(([column, title, look]) => (
              <th
                key={column}
                scope="col"
                aria-sort={sort === column ? (down ? "descending" : "ascending") : undefined}
                className={cn("h-10 font-medium text-ink-3 text-xs", look)}
              >
                <button
                  type="button"
                  onClick={() => onSort(column)}
                  className="inline-flex h-full w-full items-center gap-1 px-3 hover:text-ink"
                >
                  {t(title)}
                  {sort === column &&
                    (down ? (
                      <ArrowUp className="size-3.5" aria-hidden />
                    ) : (
                      <ArrowDown className="size-3.5" aria-hidden />
                    ))}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden style={{ height: before }} />}
          {items.map(({ index }) => {
            const robot = robots[index];
            return robot && <Row key={robot.robot_id} robot={robot} stale={stale} />;
          })}
          {after > 0 && <tr aria-hidden style={{ height: after }} />}
        </tbody>
      </table>
    </div>
  );
}

const Row = memo(function Row({ robot, stale }: { robot: Summary; stale: boolean }) {
  const t = useT();
  const old = (stale || !robot.online) && "stale";
  const posture = keyFor("posture", robot.posture);
  return (
    <tr style={{ height: rowHeight }} className="relative border-line border-t first:border-0 hover:bg-sunken">
      <td className="truncate px-3">
        <Link
          to="/robots/$robot"
          params={{ robot: robot.robot_id }}
          className="font-medium after:absolute after:inset-0"
        >
          {robot.name || robot.robot_id}
        </Link>
        <span className="ml-2 text-ink-3 text-xs max-md:hidden">{robot.location}</span>
      </td>
      <td className="truncate px-3">
        <StatusDot status={statusOf(robot)} />
        {robot.online && posture && <span className="ml-2 text-ink-3 text-xs max-xl:hidden">{t(posture)}</span>}
      </td>
      <td className={cn("overflow-hidden px-3", old)}>
        <Battery
          percent={robot.battery_percent}
          minutes={robot.battery_minutes}
          charging={robot.charging}
          brief
          className="max-sm:[&>span:nth-child(3)]:hidden"
        />
      </td>
      <td className={cn("truncate px-3 max-md:hidden", old)}>
        {withUnit(robot.hottest_joint?.value, "°C", 0)}
        <span className="ml-2 text-ink-3 text-xs max-xl:hidden">{hottestName(robot, t)}</span>
      </td>
      <td className={cn("px-3 max-lg:hidden", old)}>{withUnit(robot.cpu_percent, "%")}</td>
      <td className={cn("px-3 max-lg:hidden", old)}>
        <LinkBars signal={robot.wifi_signal} roundTrip={robot.network_rtt} />
      </td>
      <td className="truncate px-3 text-ink-2 max-md:hidden">
        <Age time={parseTime(robot.last_seen)} />
      </td>
      <td className="px-3">
        {robot.worst_severity && <SeverityBadge severity={robot.worst_severity}>{robot.open_alerts}</SeverityBadge>}
      </td>
    </tr>
  );
});
