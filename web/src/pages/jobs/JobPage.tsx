import { Link, useParams } from "@tanstack/react-router";
import { ChevronLeft, CircleSlash } from "lucide-react";
import { type ReactNode, useState } from "react";
import { ApiError } from "@/api/error";
import { useActiveJobs, useJob } from "@/api/jobs";
import type { Job } from "@/api/types";
import { noValue, number } from "@/format/number";
import { duration, exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow, useWatch } from "@/live/hooks";
import { RobotLink } from "@/parts/RobotLink";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";
import { CancelButton, CancelDialog } from "./CancelJob";
import { JobStatusBadge } from "./JobStatusBadge";
import { LastItem } from "./LastItem";
import { ProgressBar } from "./ProgressBar";
import { elapsed, etaText, itemsText, percent } from "./progress";
import { ScanList } from "./ScanList";

/** One job: how it goes or went, its last item and its scans. */
export function JobPage() {
  const t = useT();
  useWatch({ jobs: true });
  const id = Number(useParams({ from: "/shell/jobs/$job" }).job);
  const known = useJob(id);
  const { data: active } = useActiveJobs();
  const job = active?.find((each) => each.id === id) ?? known.data;
  const unknown = known.error instanceof ApiError && (known.error.status === 404 || known.error.status === 422);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <Link
        to="/jobs"
        className="inline-flex items-center gap-1 justify-self-start text-ink-2 text-sm hover:text-ink max-md:h-11"
      >
        <ChevronLeft className="size-4" aria-hidden />
        {t("jobs.title")}
      </Link>
      {unknown && <EmptyState icon={<CircleSlash aria-hidden />} title={<h1>{t("jobs.unknown")}</h1>} />}
      {known.isError && !unknown && !job && <ErrorState error={known.error} retry={() => void known.refetch()} />}
      {known.isPending && !job && <Skeleton className="h-60" />}
      {job && !unknown && <Details job={job} />}
    </div>
  );
}

function Details({ job }: { job: Job }) {
  const t = useT();
  const [cancelling, setCancelling] = useState<Job>();
  const now = useNow();
  return (
    <>
      <header className="flex flex-wrap items-center gap-3">
        <h1 className="min-w-0 break-words font-semibold text-lg tracking-tight">
          {job.task_name || t("jobs.unnamed")}
        </h1>
        <JobStatusBadge status={job.status} />
        <RobotLink robot={job.robot_id} />
        <span className="ml-auto">
          <CancelButton job={job} onPress={setCancelling} />
        </span>
        <CancelDialog job={cancelling} onClose={() => setCancelling(undefined)} />
      </header>
      <section className="card grid gap-4 p-4" aria-label={t("jobs.progress")}>
        <div>
          <div className="mb-1.5 flex items-baseline justify-between gap-3">
            <span className="text-ink-2">{itemsText(job, t)}</span>
            <span className="font-semibold text-xl">{number(percent(job))}%</span>
          </div>
          <ProgressBar percent={percent(job)} label={t("jobs.progress_of", { task: job.task_name })} />
        </div>
        <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 xl:grid-cols-[repeat(6,auto)]">
          <Fact name={t("jobs.phase_name")}>{job.phase || noValue}</Fact>
          <Fact name={t("jobs.started")}>{exact(parseTime(job.start_time)).replace(/[.,]\d{3}/, "")}</Fact>
          <Fact name={t("jobs.ended")}>{exact(parseTime(job.end_time)).replace(/[.,]\d{3}/, "")}</Fact>
          <Fact name={t("jobs.duration")}>{duration(elapsed(job, now))}</Fact>
          <Fact name={t("jobs.estimate")}>
            {job.estimated_duration > 0 ? duration(job.estimated_duration * 1000) : noValue}
          </Fact>
          {job.status === "active" ? (
            <Fact name={t("jobs.rest")}>{etaText(job, now, t)}</Fact>
          ) : (
            <Fact name={t("jobs.reason")}>{job.cancel_reason || noValue}</Fact>
          )}
        </dl>
      </section>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <section className="grid gap-3" aria-labelledby="job-scans">
          <h2 id="job-scans" className="font-semibold">
            {t("scans.title")}
          </h2>
          <ScanList filter={{ job: job.id }} ofJob />
        </section>
        <section className="card grid gap-3 p-4 max-lg:order-first" aria-labelledby="job-item">
          <h2 id="job-item" className="font-semibold">
            {t("jobs.last_item")}
          </h2>
          <LastItem item={job.last_item} />
        </section>
      </div>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-ink-3 text-xs">{name}</dt>
      <dd className="font-medium">{children}</dd>
    </div>
  );
}
