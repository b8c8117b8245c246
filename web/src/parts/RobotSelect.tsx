import { useFleet } from "@/api/robots";
import { useT } from "@/i18n/translate";
import { Select } from "./Select";

interface Props {
  value: string | undefined;
  onChange: (robot: string | undefined) => void;
  className?: string;
}

/** One robot of the fleet, or all. A robot that the URL names may have left the fleet; what it left behind is still there. */
export function RobotSelect({ value, onChange, className = "sm:max-w-48" }: Props) {
  const t = useT();
  const { data: fleet = [] } = useFleet();
  const known = fleet.map((robot) => [robot.robot_id, robot.name || robot.robot_id] as const);
  const gone = value && !known.some(([id]) => id === value) ? [[value, value] as const] : [];
  return (
    <Select
      label={t("alerts.robot")}
      value={value ?? ""}
      onChange={(robot) => onChange(robot || undefined)}
      choices={[["", t("alerts.any_robot")], ...known, ...gone]}
      className={className}
    />
  );
}
