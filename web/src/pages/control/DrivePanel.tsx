import { Gamepad2 } from "lucide-react";
import { useCallback, useState } from "react";
import type { Lease, Summary } from "@/api/types";
import { noValue, number, withUnit } from "@/format/number";
import { useT } from "@/i18n/translate";
import { useReading } from "@/live/hooks";
import { cn } from "@/parts/cn";
import { LinkBars } from "@/parts/LinkBars";
import { Notice } from "@/parts/Notice";
import { useStop } from "@/shell/stop";
import { useDriveBlock } from "./block";
import { DrivePad } from "./DrivePad";
import { useDriver } from "./useDriver";
import { useGamepad } from "./useGamepad";

/** Driving: the pad, how fast, and how well the link carries it. */
export function DrivePanel({ robot, lease }: { robot: Summary; lease: Lease | undefined }) {
  const t = useT();
  const id = robot.robot_id;
  const block = useDriveBlock(robot, lease);
  const [driver, state] = useDriver(id, block === undefined);
  const stopRobots = useStop();
  const stop = useCallback(() => stopRobots?.(id), [stopRobots, id]);
  const pad = useGamepad(driver, block === undefined, stop);
  return (
    <section aria-labelledby="drive" className="card grid gap-3 p-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <h2 id="drive" className="font-semibold">
          {t("drive.title")}
        </h2>
        <span
          className={cn(
            "inline-flex items-center gap-1.5 text-xs",
            state.driving ? "font-medium text-accent" : "text-ink-3",
          )}
        >
          <span
            aria-hidden
            className={cn("size-2 rounded-full", state.driving ? "bg-accent" : "border border-ink-3")}
          />
          {t(state.driving ? "drive.moving" : "drive.idle")}
        </span>
        <span className="ml-auto inline-flex items-center gap-1.5 text-ink-3 text-xs" title={t("drive.round_trip")}>
          <span className="w-14 text-right">
            <span className="sr-only">{t("drive.round_trip")}: </span>
            {state.roundTrip === undefined ? noValue : withUnit(state.roundTrip, "ms")}
          </span>
          <LinkBars signal={robot.wifi_signal} roundTrip={robot.network_rtt} />
        </span>
      </div>
      {block && <Notice tone="warning">{t(...block)}</Notice>}
      {!block && state.ended && (
        <Notice tone="critical" role="alert">
          {state.ended.reason === "lost" ? t("drive.lost") : t("drive.refused", { detail: state.ended.detail })}
        </Notice>
      )}
      <DrivePad driver={driver} state={state} disabled={block !== undefined} />
      <Speed robot={id} disabled={block !== undefined} onChange={(share) => driver.setSpeed(share)} />
      <p className="flex items-center gap-2 text-ink-3 text-xs">
        <Gamepad2 className="size-4 shrink-0" aria-hidden />
        <span className="truncate">{pad ? t("drive.gamepad", { name: pad }) : t("drive.no_gamepad")}</span>
      </p>
    </section>
  );
}

const atFirst = 50;

function Speed({ robot, disabled, onChange }: { robot: string; disabled: boolean; onChange: (share: number) => void }) {
  const t = useT();
  const [percent, setPercent] = useState(atFirst);
  const limit = useReading(robot, "drive_limit")?.value;
  return (
    <div className="grid gap-1">
      <label className="flex items-center gap-3">
        <span className="font-medium text-ink-2 text-xs">{t("drive.speed")}</span>
        <input
          type="range"
          min={10}
          max={100}
          step={5}
          value={percent}
          disabled={disabled}
          onChange={(event) => {
            setPercent(event.target.valueAsNumber);
            onChange(event.target.valueAsNumber / 100);
          }}
          className="h-8 min-w-0 flex-1 accent-accent"
        />
        <output className="w-12 text-right font-medium">{number(percent)}%</output>
      </label>
      {limit !== undefined && limit < 100 && (
        <p className="text-warn text-xs">{t("drive.limit", { limit: withUnit(limit, "%") })}</p>
      )}
    </div>
  );
}
