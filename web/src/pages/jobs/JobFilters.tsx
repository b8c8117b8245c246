import { X } from "lucide-react";
import { jobTimes } from "@/api/jobs";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { RobotSelect } from "@/parts/RobotSelect";
import { SearchInput } from "@/parts/SearchInput";
import { Select } from "@/parts/Select";
import type { Change } from "@/parts/useSearchState";
import { type JobSearch, narrowed, statuses } from "./search";

interface Props {
  search: JobSearch;
  /** The list belongs to one robot, which cannot be chosen. */
  ofRobot: boolean;
  onChange: (change: Change<JobSearch>) => void;
}

/** Task, status, robot and time of the jobs that are listed. */
export function JobFilters({ search, ofRobot, onChange }: Props) {
  const t = useT();
  const { robot, ...rest } = search;
  const clear = () => onChange({ robot: undefined, status: undefined, task: undefined, time: undefined });
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchInput
        label={t("jobs.search")}
        value={search.task ?? ""}
        onChange={(task) => onChange({ task: task.trim() || undefined })}
        className="flex-1 max-sm:basis-full sm:max-w-64"
      />
      <div className="flex flex-wrap gap-2 max-sm:grid max-sm:w-full max-sm:grid-cols-2">
        <Select
          label={t("jobs.status")}
          value={search.status ?? ""}
          onChange={(status) => onChange({ status: status || undefined })}
          choices={[["", t("jobs.any_status")], ...statuses.map((each) => [each, t(`jobs.status.${each}`)] as const)]}
        />
        {!ofRobot && <RobotSelect value={robot} onChange={(next) => onChange({ robot: next })} />}
        <Select
          label={t("alerts.time")}
          value={search.time ?? ""}
          onChange={(time) => onChange({ time: time || undefined })}
          choices={[["", t("alerts.any_time")], ...jobTimes.map((time) => [time, t(`alerts.time.${time}`)] as const)]}
        />
      </div>
      {narrowed(ofRobot ? rest : search) && (
        <Button look="ghost" onClick={clear}>
          <X aria-hidden />
          {t("alerts.clear")}
        </Button>
      )}
    </div>
  );
}
