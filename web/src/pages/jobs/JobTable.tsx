import { Link } from "@tanstack/react-router";
import type { Job } from "@/api/types";
import { duration, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { Age } from "@/parts/Age";
import { RobotLink } from "@/parts/RobotLink";
import { JobStatusBadge } from "./JobStatusBadge";
import { elapsed, itemsText } from "./progress";

/** Jobs as a table; a line leads to the job. */
export function JobTable({ jobs, ofRobot }: { jobs: readonly Job[]; ofRobot: boolean }) {
  const t = useT();
  return (
    <div className="card overflow-x-clip">
      <table className="w-full text-left">
        <caption className="sr-only">{t("jobs.history")}</caption>
        <thead className="text-ink-3 text-xs">
          <tr className="h-10 [&>th]:px-4 [&>th]:font-medium">
            <th scope="col">{t("jobs.task")}</th>
            <th scope="col" className="w-32">
              {t("jobs.status")}
            </th>
            {!ofRobot && (
              <th scope="col" className="w-40 max-md:hidden">
                {t("alerts.robot")}
              </th>
            )}
            <th scope="col" className="w-36 text-right max-md:hidden">
              {t("jobs.total.items")}
            </th>
            <th scope="col" className="w-32 text-right max-sm:hidden">
              {t("jobs.duration")}
            </th>
            <th scope="col" className="w-32 text-right max-lg:hidden">
              {t("jobs.started")}
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <Row key={job.id} job={job} ofRobot={ofRobot} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ job, ofRobot }: { job: Job; ofRobot: boolean }) {
  const t = useT();
  const now = useNow();
  return (
    <tr className="relative border-line border-t hover:bg-sunken [&>td]:px-4 [&>td]:py-2.5">
      <td className="min-w-0">
        <Link to="/jobs/$job" params={{ job: String(job.id) }} className="font-medium after:absolute after:inset-0">
          {job.task_name || t("jobs.unnamed")}
        </Link>
        <p className="text-ink-3 text-xs">
          {job.cancel_reason || job.phase}
          <span className="flex flex-wrap gap-x-3 lg:hidden">
            {!ofRobot && <RobotLink robot={job.robot_id} className="relative md:hidden" />}
            <span className="md:hidden">{itemsText(job, t)}</span>
            <Age time={parseTime(job.start_time)} />
          </span>
        </p>
      </td>
      <td>
        <JobStatusBadge status={job.status} />
      </td>
      {!ofRobot && (
        <td className="max-md:hidden">
          <RobotLink robot={job.robot_id} className="relative" />
        </td>
      )}
      <td className="whitespace-nowrap text-right text-ink-2 max-md:hidden">{itemsText(job, t)}</td>
      <td className="whitespace-nowrap text-right max-sm:hidden">{duration(elapsed(job, now))}</td>
      <td className="text-right text-ink-2 max-lg:hidden">
        <Age time={parseTime(job.start_time)} />
      </td>
    </tr>
  );
}
