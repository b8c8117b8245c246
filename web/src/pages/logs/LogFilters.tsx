import { SlidersHorizontal, X } from "lucide-react";
import { useMemo, useState } from "react";
import { logTimes, useLogCategories, useLogStats } from "@/api/logs";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { cn } from "@/parts/cn";
import { RobotSelect } from "@/parts/RobotSelect";
import { SearchInput } from "@/parts/SearchInput";
import { Segments } from "@/parts/Segments";
import { Select } from "@/parts/Select";
import type { Change } from "@/parts/useSearchState";
import { Period } from "./Period";
import { defaultTime, type LogSearch, narrowed, type QuickView, quickViewOf, quickViews } from "./search";

interface Props {
  search: LogSearch;
  ofRobot: boolean;
  onChange: (change: Change<LogSearch>) => void;
}

const nothing = { levels: undefined, category: undefined };

/** Text, category, robot and time of the lines that are listed, and the views that many people want. */
export function LogFilters({ search, ofRobot, onChange }: Props) {
  const t = useT();
  // Only a phone hides them: what is chosen there is still seen.
  const [open, setOpen] = useState(search.category !== undefined || search.robot !== undefined);
  const { data: categories = [] } = useLogCategories();
  const { data: stats } = useLogStats(ofRobot ? undefined : search.robot, search.time ?? defaultTime);
  const known = useMemo(() => {
    // The robots' programs have categories of their own: those that were used, and the one that the URL names.
    const used = Object.entries(stats?.by_category ?? {}).flatMap(([name, n]) => (n > 0 ? [name] : []));
    const all = new Set([...categories, ...used, ...(search.category ? [search.category] : [])]);
    return [...all].sort((a, b) => a.localeCompare(b));
  }, [categories, stats, search.category]);
  const standing = search.from !== undefined || search.to !== undefined;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segments<QuickView | "">
        label={t("logs.quick")}
        value={quickViewOf(search) ?? ""}
        onChange={(view) => onChange({ ...nothing, ...quickViews[view || "all"] })}
        choices={[
          ["all", t("logs.quick.all")],
          ["errors", t("logs.quick.errors")],
          ["commands", t("logs.quick.commands")],
        ]}
      />
      <SearchInput
        label={t("logs.search")}
        value={search.q ?? ""}
        onChange={(q) => onChange({ q: q.trim() || undefined })}
        className="flex-1 sm:max-w-72"
      />
      <Button
        size="icon"
        aria-expanded={open}
        aria-label={t("logs.filters")}
        onClick={() => setOpen(!open)}
        className="aria-expanded:border-accent sm:hidden"
      >
        <SlidersHorizontal aria-hidden />
      </Button>
      <div
        className={cn("flex flex-wrap gap-2 max-sm:w-full max-sm:grid-cols-2", open ? "max-sm:grid" : "max-sm:hidden")}
      >
        {!ofRobot && <RobotSelect value={search.robot} onChange={(robot) => onChange({ robot })} />}
        <Select
          label={t("logs.category")}
          value={search.category ?? ""}
          onChange={(category) => onChange({ category: category || undefined })}
          choices={[["", t("logs.any_category")], ...known.map((each) => [each, each] as const)]}
        />
        {!standing && (
          <Select
            label={t("alerts.time")}
            value={search.time ?? defaultTime}
            onChange={(time) => onChange({ time })}
            choices={logTimes.map(
              (time) => [time, t(time === "all" ? "alerts.any_time" : `alerts.time.${time}`)] as const,
            )}
          />
        )}
        <Period from={search.from} to={search.to} onChange={(from, to) => onChange({ from, to })} />
      </div>
      {narrowed(search) && (
        <Button look="ghost" onClick={() => onChange({ ...nothing, q: undefined, from: undefined, to: undefined })}>
          <X aria-hidden />
          {t("alerts.clear")}
        </Button>
      )}
    </div>
  );
}
