import { Link } from "@tanstack/react-router";
import { ClipboardList } from "lucide-react";
import { useState } from "react";
import { useActiveJobs } from "@/api/jobs";
import type { Job } from "@/api/types";
import { number } from "@/format/number";
import { duration } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useConnection, useNow, useWatch } from "@/live/hooks";
import { cn } from "@/parts/cn";
import { RobotLink } from "@/parts/RobotLink";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";
import { CancelButton, CancelDialog } from "./CancelJob";
import { LastItem } from "./LastItem";
import { ProgressBar } from "./ProgressBar";
import { elapsed, etaText, itemsText, percent } from "./progress";

/** What robots work on right now, of all robots or of one. */
export function ActiveJobs({ robot }: { robot?: string }) {
  const t = useT();
  useWatch({ jobs: true });
  const active = useActiveJobs();
  const { phase, lostAt } = useConnection();
  const lost = phase !== "open" && lostAt !== undefined;
  const [cancelling, setCancelling] = useState<Job>();
  const jobs = active.data?.filter((job) => robot === undefined || job.robot_id === robot);
  return (
    <section aria-labelledby="active-jobs" className="grid gap-3">
      <h2 id="active-jobs" className="font-semibold">
        {t("jobs.active")}
        {jobs && jobs.length > 0 && <span className="ml-2 font-normal text-ink-3">{jobs.length}</span>}
      </h2>
      {active.isPending && <Skeleton className="h-36" />}
      {active.isError && !jobs && <ErrorState error={active.error} retry={() => void active.refetch()} />}
      {jobs?.length === 0 && (
        <EmptyState
          icon={<ClipboardList aria-hidden />}
          title={t(robot === undefined ? "jobs.none_active" : "jobs.robot_idle")}
          className="py-7"
        >
          {t("jobs.none_active_text")}
        </EmptyState>
      )}
      {jobs && jobs.length > 0 && (
        <ul className={cn("grid grid-cols-[repeat(auto-fill,minmax(min(100%,22rem),1fr))] gap-3", lost && "stale")}>
          {jobs.map((job) => (
            <ActiveJob key={job.id} job={job} ofRobot={robot !== undefined} onCancel={setCancelling} />
          ))}
        </ul>
      )}
      <CancelDialog job={cancelling} onClose={() => setCancelling(undefined)} />
    </section>
  );
}

function ActiveJob({ job, ofRobot, onCancel }: { job: Job; ofRobot: boolean; onCancel: (job: Job) => void }) {
  const t = useT();
  const now = useNow();
  return (
    <li className="card grid content-start gap-3 p-4">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <Link
            to="/jobs/$job"
            params={{ job: String(job.id) }}
            className="block truncate font-semibold underline-offset-2 hover:underline"
          >
            {job.task_name || t("jobs.unnamed")}
          </Link>
          <div className="flex gap-2 text-ink-3 text-xs">
            {!ofRobot && <RobotLink robot={job.robot_id} className="shrink-0" />}
            {job.phase && <span className="truncate">{t("jobs.phase", { phase: job.phase })}</span>}
          </div>
        </div>
        <CancelButton job={job} onPress={onCancel} />
      </div>
      <div>
        <div className="mb-1.5 flex items-baseline justify-between gap-3">
          <span className="text-ink-2 text-xs">{itemsText(job, t)}</span>
          <span className="font-semibold">{number(percent(job))}%</span>
        </div>
        <ProgressBar percent={percent(job)} label={t("jobs.progress_of", { task: job.task_name })} />
      </div>
      <div className="flex flex-wrap justify-between gap-x-4 gap-y-1 text-ink-3 text-xs">
        <span>{t("jobs.running", { time: duration(elapsed(job, now)) })}</span>
        <span>{etaText(job, now, t)}</span>
      </div>
      <LastItem item={job.last_item} brief />
    </li>
  );
}
