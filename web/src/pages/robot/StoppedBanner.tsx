import { OctagonX } from "lucide-react";
import { useCommands } from "@/api/control";
import type { Summary } from "@/api/types";
import { age, exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { reasonGiven } from "@/pages/control/commands";
import { ResumeButton } from "@/shell/ResumeDialog";

/** Says that the robot is stopped, why and by whom, and leads to letting it move again. */
export function StoppedBanner({ robot }: { robot: Summary }) {
  const t = useT();
  const now = useNow();
  const { commands } = useCommands(robot.robot_id);
  const stop = commands.find((command) => command.type === "emergency_stop");
  const time = parseTime(stop?.created_at);
  const reason = reasonGiven(robot.emergency_reason || stop?.reason);
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border-2 border-bad/50 bg-bad-soft px-3 py-2.5"
    >
      <OctagonX className="size-6 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-semibold">
          {reason ? t("stop.because", { reason }) : t("stop.state")}
          {stop && time !== undefined && (
            <span className="ml-2 font-normal text-ink-2 text-xs" title={exact(time)}>
              {t("stop.by", { name: stop.by, age: age(time, now, t) })}
            </span>
          )}
        </p>
        <p className="text-ink-2 text-xs">{t("stop.holds")}</p>
      </div>
      <ResumeButton robot={robot.robot_id} size="normal" />
    </div>
  );
}
