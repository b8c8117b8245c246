import { Bot, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { useFleet } from "@/api/robots";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { useWatch } from "@/live/hooks";
import { PendingRobots } from "@/pages/fleet/PendingRobots";
import { select } from "@/pages/fleet/search";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { ListState } from "@/parts/ListState";
import { Notice } from "@/parts/Notice";
import { SearchInput } from "@/parts/SearchInput";
import { EmptyState } from "@/parts/states";
import { useSearchState } from "@/parts/useSearchState";
import { NewRobotForm } from "./NewRobotForm";
import { RobotsTable } from "./RobotsTable";
import { RobotsTabs } from "./RobotsTabs";
import { readManageSearch } from "./search";

/** Every robot as a thing to look after: name, place, thresholds, settings, and whether it belongs here at all. */
export function RobotsPage() {
  const t = useT();
  const edits = useMay("edit_robots");
  const fleet = useFleet();
  useWatch({ fleet: true });
  const [search, change] = useSearchState(readManageSearch);
  const [adding, setAdding] = useState(false);
  const robots = useMemo(
    () => select(fleet.data ?? [], { sort: "name", ...(search.q ? { q: search.q } : {}) }),
    [fleet.data, search.q],
  );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h1 className="sr-only">{t("robots.title")}</h1>
      <RobotsTabs />
      <PendingRobots />
      <div className="flex flex-wrap items-center gap-2">
        <SearchInput
          label={t("fleet.search")}
          value={search.q ?? ""}
          onChange={(q) => change({ q: q.trim() || undefined })}
          className="flex-1 max-sm:basis-full sm:max-w-72"
        />
        {edits && (
          <Button look="primary" className="ml-auto max-sm:w-full" onClick={() => setAdding(true)}>
            <Plus aria-hidden />
            {t("robots.add")}
          </Button>
        )}
      </div>
      {!edits && <Notice>{t("robots.reader")}</Notice>}
      <ListState
        query={fleet}
        known={fleet.data !== undefined}
        empty={robots.length === 0}
        narrowed={search.q !== undefined}
        onClear={() => change({ q: undefined })}
        nothing={
          <EmptyState icon={<Bot aria-hidden />} title={t("robots.none")}>
            {t("robots.none_text")}
          </EmptyState>
        }
      >
        <RobotsTable robots={robots} />
      </ListState>
      <Dialog open={adding} onClose={() => setAdding(false)} title={t("robots.add")}>
        <NewRobotForm onDone={() => setAdding(false)} />
      </Dialog>
    </div>
  );
}
