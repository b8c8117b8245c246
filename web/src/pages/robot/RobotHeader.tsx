import { Link } from "@tanstack/react-router";
import { ChevronLeft, TriangleAlert } from "lucide-react";
import type { Summary } from "@/api/types";
import { parseTime } from "@/format/time";
import { keyFor, useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { Battery } from "@/parts/Battery";
import { cn } from "@/parts/cn";
import { LinkBars } from "@/parts/LinkBars";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { StatusDot, statusOf } from "@/parts/StatusDot";
import { RobotMenu } from "./RobotMenu";

export function RobotHeader({ robot }: { robot: Summary }) {
  const t = useT();
  const fallen = robot.posture.startsWith("fallen");
  const facts = [robot.name === robot.robot_id ? "" : robot.robot_id, robot.location, robot.ip_address].filter(Boolean);
  return (
    <header className="flex flex-wrap items-center gap-x-5 gap-y-2">
      <Link
        to="/"
        aria-label={t("robot.to_fleet")}
        className="-mr-3 -ml-1.5 grid size-9 place-items-center rounded-lg text-ink-3 hover:bg-sunken hover:text-ink"
      >
        <ChevronLeft className="size-5" aria-hidden />
      </Link>
      <div className="min-w-0 max-sm:max-w-[60vw]">
        <h1 className="truncate font-semibold text-lg leading-6 tracking-tight">{robot.name || robot.robot_id}</h1>
        {facts.length > 0 && <p className="truncate text-ink-3 text-xs">{facts.join(" · ")}</p>}
      </div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 max-sm:order-2 max-sm:w-full">
        <StatusDot status={statusOf(robot)} className="text-sm" />
        {robot.online && (
          <span className={cn("inline-flex items-center gap-1.5", fallen ? "font-medium text-bad" : "text-ink-2")}>
            {fallen && <TriangleAlert className="size-4" aria-hidden />}
            {t(keyFor("posture", robot.posture) ?? "posture.unknown")}
          </span>
        )}
        {robot.worst_severity && (
          <SeverityBadge severity={robot.worst_severity}>{t("fleet.alerts", { n: robot.open_alerts })}</SeverityBadge>
        )}
      </div>
      <div className={cn("ml-auto flex items-center gap-4 max-sm:order-3 max-sm:ml-0", !robot.online && "stale")}>
        <Battery percent={robot.battery_percent} minutes={robot.battery_minutes} charging={robot.charging} />
        <LinkBars signal={robot.wifi_signal} roundTrip={robot.network_rtt} />
        <Age time={parseTime(robot.last_seen)} className="w-20 text-right text-ink-3 text-xs max-sm:w-auto" />
      </div>
      <RobotMenu robot={robot} />
    </header>
  );
}
