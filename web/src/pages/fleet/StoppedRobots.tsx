import { OctagonX } from "lucide-react";
import { useFleet } from "@/api/robots";
import { useT } from "@/i18n/translate";
import { ResumeButton } from "@/shell/ResumeDialog";

/** Says how many robots are stopped, and leads to letting all of them move again. */
export function StoppedRobots() {
  const t = useT();
  const { data: fleet = [] } = useFleet();
  const stopped = fleet.filter((robot) => robot.emergency_stopped).length;
  if (stopped === 0) return null;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border-2 border-bad/50 bg-bad-soft px-3 py-2"
    >
      <OctagonX className="size-5 shrink-0 text-bad" aria-hidden />
      <p className="flex-1 font-semibold">{t("stop.fleet", { n: stopped })}</p>
      <ResumeButton robot="" />
    </div>
  );
}
