import { ChevronDown, OctagonX, Play } from "lucide-react";
import { useRef, useState } from "react";
import { useFleet } from "@/api/robots";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "@/parts/Menu";
import { ResumeDialog } from "./ResumeDialog";
import { inReach, stopModifier, useOpenRobot, useRobotName, useStop } from "./stop";

const red = "bg-stop text-white hover:brightness-110 aria-disabled:opacity-45";

/**
 * The stop of the frame: one press stops this robot, or all outside of a robot's views; the menu has the other one. On
 * phones the stop is at the bottom, and a robot's views have the one for all of them here.
 */
export function StopControl() {
  const t = useT();
  const stop = useStop();
  const robot = useOpenRobot();
  const name = useRobotName();
  const [resuming, setResuming] = useState<string>();
  const { data: fleet = [] } = useFleet();
  const stopped = fleet.filter((each) => each.emergency_stopped);
  return (
    <div {...inReach} className="pointer-events-auto relative z-1 flex">
      {robot && (
        <StopPress robot="" className="size-11 flex-col justify-center gap-0 rounded-lg md:hidden">
          <OctagonX className="size-4.5" aria-hidden />
          <span className="font-semibold text-[0.6875rem] leading-3">{t("stop.short_all")}</span>
        </StopPress>
      )}
      <StopPress robot={robot} className="h-9 rounded-l-lg px-3 font-semibold text-sm max-md:hidden">
        <OctagonX className="size-4 shrink-0" aria-hidden />
        <span className="max-w-40 truncate">{robot ? t("stop.one", { robot: name(robot) }) : t("stop.all")}</span>
      </StopPress>
      {stop && (
        <Menu
          label={t("stop.options")}
          trigger={
            <button
              type="button"
              aria-label={t("stop.options")}
              className={cn("grid h-9 w-8 place-items-center rounded-r-lg border-white/30 border-l max-md:hidden", red)}
            >
              <ChevronDown className="size-4" aria-hidden />
            </button>
          }
        >
          <MenuItem danger onSelect={() => stop("")}>
            <OctagonX aria-hidden />
            {t("stop.all_robots")}
          </MenuItem>
          {robot && (
            <MenuItem danger onSelect={() => stop(robot)}>
              <OctagonX aria-hidden />
              {t("stop.one", { robot: name(robot) })}
            </MenuItem>
          )}
          {stopped.length > 0 && <MenuSeparator />}
          {stopped.some((each) => each.robot_id === robot) && (
            <MenuItem onSelect={() => setResuming(robot)}>
              <Play aria-hidden />
              {t("resume.button")}
            </MenuItem>
          )}
          {stopped.length > 0 && (
            <MenuItem onSelect={() => setResuming("")}>
              <Play aria-hidden />
              {t("resume.button_all")}
            </MenuItem>
          )}
          <MenuLabel>{t("stop.key", { mod: stopModifier() })}</MenuLabel>
        </Menu>
      )}
      <ResumeDialog robot={resuming} onClose={() => setResuming(undefined)} />
    </div>
  );
}

/** The stop within reach of the thumb on a phone: 64 pixels high at least. */
export function StopBlock({ className }: { className?: string }) {
  const t = useT();
  const robot = useOpenRobot();
  return (
    <StopPress robot={robot} above className={cn("min-h-16 w-20 flex-col justify-center gap-0.5", className)}>
      <OctagonX className="size-6" aria-hidden />
      <span className="font-bold text-sm leading-4">{t("stop.short")}</span>
      <span className="font-medium text-[0.6875rem] leading-3">{t(robot ? "stop.short_one" : "stop.short_all")}</span>
    </StopPress>
  );
}

const longestPress = 3000;

interface PressProps {
  /** "" is all robots. */
  robot: string;
  /** What explains a stop that is not allowed stands above it. */
  above?: boolean;
  className: string;
  children: React.ReactNode;
}

function StopPress({ robot, above = false, className, children }: PressProps) {
  const t = useT();
  const stop = useStop();
  const name = useRobotName();
  const pressedAt = useRef(Number.NEGATIVE_INFINITY);
  const [explained, setExplained] = useState(false);
  const label = robot ? t("stop.one", { robot: name(robot) }) : t("stop.all_robots");
  return (
    <span {...inReach} className="pointer-events-auto relative z-1 flex self-stretch">
      <button
        type="button"
        aria-label={stop ? label : `${label}. ${t("stop.forbidden")}`}
        aria-disabled={!stop || undefined}
        title={stop ? t("stop.key", { mod: stopModifier() }) : t("stop.forbidden")}
        // What counts is that the finger came down, even if it slides off. Keys and screen readers only click.
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          pressedAt.current = event.timeStamp;
          stop?.(robot);
        }}
        onClick={(event) => {
          if (event.timeStamp - pressedAt.current > longestPress) stop?.(robot);
          setExplained(!stop && !explained);
        }}
        onBlur={() => setExplained(false)}
        className={cn(
          "inline-flex touch-manipulation select-none items-center gap-2 outline-offset-2",
          red,
          !stop && "md:rounded-r-lg",
          className,
        )}
      >
        {children}
      </button>
      {explained && (
        <span
          role="status"
          className={cn(
            "absolute right-0 z-50 w-64 rounded-lg border border-line bg-surface p-3 text-ink text-sm shadow-float",
            above ? "bottom-full mb-2" : "top-full mt-2",
          )}
        >
          {t("stop.forbidden")}
        </span>
      )}
    </span>
  );
}
