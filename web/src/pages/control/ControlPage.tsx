import { useParams } from "@tanstack/react-router";
import { useLease } from "@/api/control";
import { useRobot } from "@/api/robots";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { useWatch } from "@/live/hooks";
import { Notice } from "@/parts/Notice";
import { CameraPreview } from "../camera/CameraPreview";
import { ActionPanel } from "./ActionPanel";
import { CommandFeed } from "./CommandFeed";
import { ConfigPanel } from "./ConfigPanel";
import { DrivePanel } from "./DrivePanel";
import { LeaseBar } from "./LeaseBar";
import { StopLatency } from "./StopLatency";

/** Everything that makes a robot do something, and what became of it. */
export function ControlPage() {
  const t = useT();
  const { robot: id } = useParams({ from: "/shell/robots/$robot" });
  const { data: robot } = useRobot(id);
  const may = useMay("command");
  const lease = useLease(id);
  useWatch({ leases: true, commands: true, robots: { [id]: ["drive_limit"] } });
  if (!robot) return null;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      {!may && <Notice>{t("control.forbidden")}</Notice>}
      <LeaseBar robot={id} lease={lease} />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <div className="grid-cols-[minmax(0,1fr)] content-start gap-4 max-lg:contents lg:grid">
          <CameraPreview robot={id} />
          {may && <DrivePanel robot={robot} lease={lease} />}
          <div className="max-lg:order-1">
            <StopLatency robot={id} stopped={robot.emergency_stopped} />
          </div>
        </div>
        <div className="min-w-0 flex-col gap-4 max-lg:contents lg:flex">
          {may && <ActionPanel robot={robot} lease={lease} />}
          <CommandFeed robot={id} />
        </div>
      </div>
      <ConfigPanel robot={robot} />
    </div>
  );
}
