import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";
import type { Summary } from "@/api/types";
import { noValue } from "@/format/number";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { RobotMenu } from "@/pages/robot/RobotMenu";
import { Age } from "@/parts/Age";
import { StatusDot, statusOf } from "@/parts/StatusDot";

const rowHeight = 56;

/** The robots of the fleet with what may be done with each; only the rows in sight exist. */
export function RobotsTable({ robots }: { robots: readonly Summary[] }) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(box.current?.offsetTop ?? 0), []);
  const rows = useWindowVirtualizer({
    count: robots.length,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollMargin: top,
  });
  const items = rows.getVirtualItems();
  const before = (items[0]?.start ?? top) - top;
  const after = rows.getTotalSize() - ((items.at(-1)?.end ?? top) - top);
  return (
    <div ref={box} className="card overflow-x-clip">
      <table className="w-full table-fixed text-left">
        <caption className="sr-only">{t("robots.title")}</caption>
        <thead className="text-ink-3 text-xs">
          <tr className="h-10 [&>th]:px-4 [&>th]:font-medium">
            <th scope="col">{t("fleet.robot")}</th>
            <th scope="col" className="w-32 max-sm:hidden">
              {t("fleet.status")}
            </th>
            <th scope="col" className="max-md:hidden">
              {t("robot.location")}
            </th>
            <th scope="col" className="w-52 max-lg:hidden">
              {t("robots.program")}
            </th>
            <th scope="col" className="w-36 max-lg:hidden">
              {t("robots.address")}
            </th>
            <th scope="col" className="w-28 max-md:hidden">
              {t("value.age")}
            </th>
            <th scope="col" className="w-16">
              <span className="sr-only">{t("alerts.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden style={{ height: before }} />}
          {items.map(({ index }) => {
            const robot = robots[index];
            return robot && <Row key={robot.robot_id} robot={robot} />;
          })}
          {after > 0 && <tr aria-hidden style={{ height: after }} />}
        </tbody>
      </table>
    </div>
  );
}

function Row({ robot }: { robot: Summary }) {
  const t = useT();
  return (
    <tr style={{ height: rowHeight }} className="border-line border-t hover:bg-sunken [&>td]:truncate [&>td]:px-4">
      <td>
        <Link
          to="/robots/$robot"
          params={{ robot: robot.robot_id }}
          className="font-medium underline-offset-2 hover:underline"
        >
          {robot.name || robot.robot_id}
        </Link>
        <p className="truncate text-ink-3 text-xs">
          <span className="sm:hidden">
            <StatusDot status={statusOf(robot)} className="mr-2" />
          </span>
          {[robot.name === robot.robot_id ? "" : robot.robot_id, robot.description].filter(Boolean).join(" · ")}
        </p>
      </td>
      <td className="max-sm:hidden">
        <StatusDot status={statusOf(robot)} />
      </td>
      <td className="text-ink-2 max-md:hidden">{robot.location || noValue}</td>
      <td className="text-ink-2 max-lg:hidden">{robot.agent || t("robots.original")}</td>
      <td className="text-ink-2 max-lg:hidden">{robot.ip_address || noValue}</td>
      <td className="text-ink-2 max-md:hidden">
        <Age time={parseTime(robot.last_seen)} />
      </td>
      <td className="px-2!">
        <div className="flex justify-end">
          <RobotMenu robot={robot} />
        </div>
      </td>
    </tr>
  );
}
