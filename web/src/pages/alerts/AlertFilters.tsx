import { X } from "lucide-react";
import { useMemo } from "react";
import { alertTimes, useOpenAlerts } from "@/api/alerts";
import { useFleet } from "@/api/robots";
import { useAllRules } from "@/api/rules";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Segments } from "@/parts/Segments";
import { Select } from "@/parts/Select";
import { kindName } from "./kind";
import { type AlertSearch, narrowed, type State, severities, states } from "./search";
import type { Change } from "./useAlertSearch";

interface Props {
  search: AlertSearch;
  /** The list belongs to one robot, which cannot be chosen. */
  ofRobot: boolean;
  counts: { open: number; new: number };
  onChange: (change: Change) => void;
}

/** State, severity, robot, kind and time of the alerts that are listed. */
export function AlertFilters({ search, ofRobot, counts, onChange }: Props) {
  const t = useT();
  const { data: fleet = [] } = useFleet();
  const types = useTypes(search.type);
  const clear = () => onChange({ severity: undefined, robot: undefined, type: undefined, time: undefined });
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="-mx-3 flex max-w-[100vw] overflow-x-auto px-3 py-0.5 max-sm:w-[calc(100%+1.5rem)]">
        <Segments<State>
          label={t("alerts.state")}
          value={search.state ?? "open"}
          onChange={(state) => onChange({ state: state === "open" ? undefined : state })}
          choices={states.map((state) => [
            state,
            <span key={state} className="inline-flex items-center gap-1.5">
              {t(`alerts.state.${state}`)}
              {(state === "open" || state === "new") && <span className="text-ink-3">{counts[state]}</span>}
            </span>,
          ])}
        />
      </div>
      <div className="flex flex-wrap gap-2 max-sm:grid max-sm:w-full max-sm:grid-cols-2">
        <Select
          label={t("alerts.severity")}
          value={search.severity ?? ""}
          onChange={(severity) => onChange({ severity: severity || undefined })}
          choices={[
            ["", t("alerts.any_severity")],
            ...severities.map((each) => [each, t(`severity.${each}`)] as const),
          ]}
        />
        {!ofRobot && (
          <Select
            label={t("alerts.robot")}
            value={search.robot ?? ""}
            onChange={(robot) => onChange({ robot: robot || undefined })}
            choices={[
              ["", t("alerts.any_robot")],
              ...withChosen(
                fleet.map((robot) => [robot.robot_id, robot.name || robot.robot_id] as const),
                search.robot,
              ),
            ]}
            className="sm:max-w-48"
          />
        )}
        <Select
          label={t("alerts.type")}
          value={search.type ?? ""}
          onChange={(type) => onChange({ type: type || undefined })}
          choices={[["", t("alerts.any_type")], ...types.map((type) => [type, kindName(type, t)] as const)]}
        />
        <Select
          label={t("alerts.time")}
          value={search.time ?? ""}
          onChange={(time) => onChange({ time: time || undefined })}
          choices={[["", t("alerts.any_time")], ...alertTimes.map((time) => [time, t(`alerts.time.${time}`)] as const)]}
        />
      </div>
      {narrowed(ofRobot ? { ...search, robot: "" } : search) && (
        <Button look="ghost" onClick={clear}>
          <X aria-hidden />
          {t("alerts.clear")}
        </Button>
      )}
    </div>
  );
}

type Choice = readonly [string, string];

// A robot that the URL names may have left the fleet; its alerts are still there.
const withChosen = (known: readonly Choice[], chosen: string | undefined): readonly Choice[] =>
  !chosen || known.some(([id]) => id === chosen) ? known : [...known, [chosen, chosen]];

/** The kinds of alerts that there are: those of the rules, of the open alerts, and the chosen one. */
function useTypes(chosen: string | undefined): string[] {
  const { data: rules } = useAllRules();
  const { data: open } = useOpenAlerts();
  return useMemo(() => {
    const all = new Set((rules ?? []).map((rule) => rule.metric_type));
    for (const alert of open ?? []) all.add(alert.alert_type);
    if (chosen) all.add(chosen);
    return [...all];
  }, [rules, open, chosen]);
}
