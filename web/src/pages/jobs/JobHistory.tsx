import { History } from "lucide-react";
import { useMemo } from "react";
import { useActiveJobs, useJobs } from "@/api/jobs";
import { useT } from "@/i18n/translate";
import { ListState } from "@/parts/ListState";
import { More } from "@/parts/More";
import { EmptyState } from "@/parts/states";
import { useSearchState } from "@/parts/useSearchState";
import { JobFilters } from "./JobFilters";
import { JobTable } from "./JobTable";
import { narrowed, readJobSearch } from "./search";

/** Every job that there was, of all robots or of one, with its filters. */
export function JobHistory({ robot }: { robot?: string }) {
  const t = useT();
  const [search, change] = useSearchState(readJobSearch);
  const { robot: chosen, ...rest } = search;
  const jobs = useJobs({ ...rest, robot: robot ?? chosen });
  const { data: active } = useActiveJobs();
  const list = useMemo(() => {
    // Those that are active move on while they are listed.
    const now = new Map(active?.map((job) => [job.id, job]));
    return jobs.data?.pages.flatMap((page) => page.jobs.map((job) => now.get(job.id) ?? job)) ?? [];
  }, [jobs.data, active]);
  const clear = () => change({ robot: undefined, status: undefined, task: undefined, time: undefined });
  return (
    <section aria-labelledby="job-history" className="grid gap-3">
      <h2 id="job-history" className="font-semibold">
        {t("jobs.history")}
      </h2>
      <JobFilters search={search} ofRobot={robot !== undefined} onChange={change} />
      <ListState
        query={jobs}
        known={jobs.data !== undefined}
        empty={list.length === 0}
        narrowed={narrowed(robot === undefined ? search : rest)}
        onClear={clear}
        nothing={
          <EmptyState icon={<History aria-hidden />} title={t("jobs.none")}>
            {t("jobs.none_text")}
          </EmptyState>
        }
      >
        <JobTable jobs={list} ofRobot={robot !== undefined} />
      </ListState>
      <More pages={jobs} />
    </section>
  );
}
