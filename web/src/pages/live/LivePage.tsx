import { useParams } from "@tanstack/react-router";
import { useRobot } from "@/api/robots";
import { useT } from "@/i18n/translate";
import { useConnection, useWatch } from "@/live/hooks";
import { Attitude } from "./Attitude";
import { BodyPanel } from "./BodyPanel";
import { EventList } from "./EventList";
import { OpenAlerts } from "./OpenAlerts";
import { useSeededTrails } from "./seed";
import { VitalTile } from "./VitalTile";
import { vitals } from "./vitals";

/** The robot as it is now. */
export function LivePage() {
  const t = useT();
  const { robot: id } = useParams({ from: "/shell/robots/$robot" });
  const { data: robot } = useRobot(id);
  const { phase, lostAt } = useConnection();
  useWatch({ robots: { [id]: ["*"] } });
  useSeededTrails(id);
  if (!robot) return null;
  const stale = !robot.online || (phase !== "open" && lostAt !== undefined);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        <BodyPanel robot={robot} stale={stale} />
        <Attitude robot={id} stale={stale} />
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        <dl aria-label={t("live.vitals")} className="grid grid-cols-2 gap-3 md:grid-cols-4">
          {vitals.map((vital) => (
            <VitalTile key={vital.metric} robot={id} original={robot.agent === ""} vital={vital} />
          ))}
        </dl>
        <OpenAlerts robot={id} />
        <EventList robot={id} />
      </div>
    </div>
  );
}
