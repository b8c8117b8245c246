import { Link } from "@tanstack/react-router";
import { Cpu, Thermometer, TriangleAlert } from "lucide-react";
import { memo, type ReactNode } from "react";
import type { Summary } from "@/api/types";
import { noValue, number, withUnit } from "@/format/number";
import { heat } from "@/format/temperature";
import { parseTime } from "@/format/time";
import { keyFor, useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { Battery } from "@/parts/Battery";
import { PostureFigure } from "@/parts/body/Figure";
import { cn } from "@/parts/cn";
import { LinkBars } from "@/parts/LinkBars";
import { Meter } from "@/parts/Meter";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { StatusDot, statusOf } from "@/parts/StatusDot";
import { hottestName } from "./joint";

/** The height of a card in pixels; every card has it, so that a thousand can be scrolled. */
export const cardHeight = 178;

const edges = { critical: "border-bad/60", warning: "border-warn/60", info: "", "": "" };

interface Props {
  robot: Summary;
  /** The server is away: what is shown is the last known state. */
  stale: boolean;
}

/** One robot at a glance. */
export const RobotCard = memo(function RobotCard({ robot, stale }: Props) {
  const t = useT();
  const posture = t(keyFor("posture", robot.posture) ?? "posture.unknown");
  const fallen = robot.posture.startsWith("fallen");
  const old = stale || !robot.online;
  return (
    <article
      style={{ height: cardHeight }}
      className={cn(
        "card relative flex flex-col p-3 transition-colors hover:border-accent/60",
        edges[robot.worst_severity],
      )}
    >
      <div className="flex min-w-0 gap-3">
        <PostureFigure
          posture={robot.posture}
          className={cn("h-22 w-17 shrink-0", (old || robot.posture === "") && "opacity-45 grayscale")}
        />
        <div className="min-w-0 flex-1">
          <h2 className="truncate font-semibold leading-5">
            <Link
              to="/robots/$robot"
              params={{ robot: robot.robot_id }}
              className="outline-none after:absolute after:inset-0 after:rounded-xl focus-visible:after:outline-2 focus-visible:after:outline-accent focus-visible:after:outline-offset-2"
            >
              {robot.name || robot.robot_id}
            </Link>
          </h2>
          <p className="truncate text-ink-3 text-xs leading-4">
            {robot.location || (robot.name === robot.robot_id ? robot.ip_address : robot.robot_id) || "\u00a0"}
          </p>
          <p className="mt-1.5 flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5 text-xs">
            <StatusDot status={statusOf(robot)} />
            {robot.online && (
              <span
                className={cn("inline-flex min-w-0 items-center gap-1", fallen ? "font-medium text-bad" : "text-ink-3")}
              >
                {fallen && <TriangleAlert className="size-3.5 shrink-0" aria-hidden />}
                <span className="truncate">{posture}</span>
              </span>
            )}
          </p>
        </div>
        {robot.worst_severity && (
          <SeverityBadge severity={robot.worst_severity} className="self-start">
            {robot.open_alerts}
            <span className="sr-only"> {t("fleet.alerts", { n: robot.open_alerts })}</span>
          </SeverityBadge>
        )}
      </div>
      <dl className={cn("mt-auto grid grid-cols-[minmax(0,6fr)_minmax(0,5fr)] gap-x-4 gap-y-2", old && "stale")}>
        <Fact name={t("value.battery")}>
          <Battery percent={robot.battery_percent} minutes={robot.battery_minutes} charging={robot.charging} brief />
        </Fact>
        <Fact name={t("value.cpu")}>
          <Cpu className="size-3.5 shrink-0 text-ink-3" aria-hidden />
          <span className="w-10 font-medium">{withUnit(robot.cpu_percent, "%")}</span>
          <Meter percent={robot.cpu_percent} className="flex-1" />
        </Fact>
        <Fact name={t("value.hottest")}>
          <Hottest robot={robot} />
        </Fact>
        <Fact name={t("value.age")}>
          <LinkBars signal={robot.wifi_signal} roundTrip={robot.network_rtt} />
          <Age time={parseTime(robot.last_seen)} className="ml-auto text-ink-3 text-xs" />
        </Fact>
      </dl>
    </article>
  );
});

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="sr-only">{name}</dt>
      <dd className="flex h-5 min-w-0 items-center gap-1.5">{children}</dd>
    </div>
  );
}

function Hottest({ robot }: { robot: Summary }) {
  const t = useT();
  const value = robot.hottest_joint?.value;
  const level = value === undefined ? "calm" : heat(value);
  const ink = { calm: "text-ink-3", warm: "text-ink-3", hot: "text-warn", critical: "text-bad" }[level];
  return (
    <>
      <Thermometer className={cn("size-3.5 shrink-0", ink)} aria-hidden />
      <span className={cn("font-medium", level === "hot" && "text-warn", level === "critical" && "text-bad")}>
        {value === undefined ? noValue : `${number(value)}°`}
      </span>
      <span className="truncate text-ink-3 text-xs">{hottestName(robot, t)}</span>
    </>
  );
}
