import { useMemo } from "react";
import { useFleet } from "@/api/robots";
import { useMay } from "@/api/role";
import { useAllRules } from "@/api/rules";
import { useMetrics } from "@/api/server";
import type { Alert } from "@/api/types";
import { useT } from "@/i18n/translate";
import { sourceName } from "@/pages/live/source";
import { AlertRow } from "./AlertRow";

interface Props {
  title: string;
  alerts: readonly Alert[];
  selected: ReadonlySet<number>;
  onSelect: (selected: ReadonlySet<number>) => void;
  /** Which rows are open. An alert keeps its row open when it goes from one list to another. */
  expanded: ReadonlySet<number>;
  onExpand: (expanded: ReadonlySet<number>) => void;
  ofRobot: boolean;
  /** The title is seen, not only read out: another list stands beside this one, and their columns line up. */
  titled: boolean;
}

function toggled(set: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Alerts as a table; each row opens to show the moment around it. Only open alerts can be chosen. */
export function AlertTable({ title, titled, alerts, selected, onSelect, expanded, onExpand, ofRobot }: Props) {
  const t = useT();
  const handles = useMay("handle_alerts");
  const { data: metrics } = useMetrics();
  const { data: rules } = useAllRules();
  const { data: fleet } = useFleet();
  const below = useMemo(() => new Map(rules?.map((rule) => [rule.id, rule.below])), [rules]);
  const originals = useMemo(() => new Set(fleet?.filter((each) => !each.agent).map((each) => each.robot_id)), [fleet]);
  const units = useMemo(() => new Map(metrics?.map((each) => [each.metric, each.unit])), [metrics]);
  const open = alerts.filter((alert) => !alert.resolved);
  const chooses = handles && (open.length > 0 || titled);
  const all = open.length > 0 && open.every((alert) => selected.has(alert.id));
  const some = open.some((alert) => selected.has(alert.id));
  const columns = chooses ? 8 : 7;
  return (
    <section className="card overflow-x-clip">
      <h2 className={titled ? "px-4 pt-3 font-semibold" : "sr-only"}>{title}</h2>
      <table className="w-full text-left">
        <caption className="sr-only">{title}</caption>
        <thead className="text-ink-3 text-xs">
          <tr className="h-10 [&>th]:font-medium">
            {chooses && open.length === 0 && <td className="w-11" />}
            {chooses && open.length > 0 && (
              <th scope="col" className="w-11 pl-4">
                <input
                  type="checkbox"
                  aria-label={t("alerts.select_all")}
                  checked={all}
                  ref={(box) => {
                    if (box) box.indeterminate = some && !all;
                  }}
                  onChange={() => onSelect(all ? new Set() : new Set(open.map((alert) => alert.id)))}
                  className="size-4 accent-accent"
                />
              </th>
            )}
            <th scope="col" className="w-24 px-3 max-sm:hidden">
              {t("alerts.severity")}
            </th>
            <th scope="col" className="px-3">
              {t("alerts.what")}
            </th>
            {!ofRobot && (
              <th scope="col" className="w-32 px-3 max-lg:hidden">
                {t("alerts.robot")}
              </th>
            )}
            <th scope="col" className="w-40 px-3 max-lg:hidden">
              {t("alerts.value")}
            </th>
            <th scope="col" className="w-28 px-3 max-md:hidden">
              {t("alerts.since")}
            </th>
            <th scope="col" className="w-36 px-3 max-xl:hidden">
              {t(open.length > 0 ? "alerts.handled" : "alerts.outcome")}
            </th>
            <th scope="col" className={chooses ? "w-12 md:w-44" : "w-12"}>
              <span className="sr-only">{t("alerts.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((alert) => (
            <AlertRow
              key={alert.id}
              alert={alert}
              unit={alert.metric === "" ? "s" : (units.get(alert.metric) ?? "")}
              below={below.get(alert.rule_id) ?? alert.value < alert.threshold}
              source={alert.source && sourceName(alert.source, originals.has(alert.robot_id), t)}
              columns={columns}
              ofRobot={ofRobot}
              selected={selected.has(alert.id)}
              onSelect={chooses ? () => onSelect(toggled(selected, alert.id)) : undefined}
              open={expanded.has(alert.id)}
              onOpen={() => onExpand(toggled(expanded, alert.id))}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}
