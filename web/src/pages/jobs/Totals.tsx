import type { ReactNode } from "react";
import { useJobTotals } from "@/api/jobs";
import type { JobTotals } from "@/api/types";
import { noValue, number } from "@/format/number";
import { duration } from "@/format/time";
import { useT } from "@/i18n/translate";
import { RobotLink } from "@/parts/RobotLink";
import { Skeleton } from "@/parts/states";

/** What was done: today, in all, and how long it took. */
export function Totals({ robot }: { robot?: string }) {
  const t = useT();
  const { data, isPending } = useJobTotals(robot);
  if (isPending) return <Skeleton className="h-20" />;
  if (!data) return null;
  const all = data.total;
  const ended = all.completed_jobs + all.cancelled_jobs + all.failed_jobs;
  return (
    <dl className="card grid grid-cols-2 sm:grid-cols-4">
      <Figure name={t("jobs.total.today")} value={number(all.completed_jobs_today)}>
        {t("jobs.total.completed", { n: number(all.completed_jobs) })}
      </Figure>
      <Figure name={t("jobs.total.items")} value={number(all.total_items_done)}>
        {t("jobs.total.items_of", { n: number(all.total_items_target) })}
      </Figure>
      <Figure
        name={t("jobs.total.average")}
        value={ended > 0 ? duration(all.average_duration_seconds * 1000) : noValue}
      >
        {t("jobs.total.together", { time: duration(all.total_duration_seconds * 1000) })}
      </Figure>
      <Figure
        name={t("jobs.total.success")}
        value={ended > 0 ? `${number((100 * all.completed_jobs) / ended)}%` : noValue}
      >
        {t("jobs.total.others", { cancelled: number(all.cancelled_jobs), failed: number(all.failed_jobs) })}
      </Figure>
    </dl>
  );
}

function Figure({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <div className="grid content-start border-line px-4 py-3 max-sm:nth-[n+3]:border-t sm:not-first:border-l">
      <dt className="text-ink-3 text-xs">{name}</dt>
      <dd>
        <span className="block font-semibold text-xl leading-7">{value}</span>
        <span className="block text-ink-3 text-xs">{children}</span>
      </dd>
    </div>
  );
}

/** The same of each robot that ever had a job. */
export function RobotTotals() {
  const t = useT();
  const { data } = useJobTotals();
  const robots = data?.robots ?? [];
  if (robots.length === 0) return null;
  return (
    <details className="card overflow-x-auto">
      <summary className="px-4 py-3 font-semibold">
        {t("jobs.by_robot")} <span className="ml-1 font-normal text-ink-3">{robots.length}</span>
      </summary>
      <table className="w-full whitespace-nowrap border-line border-t text-left">
        <thead className="text-ink-3 text-xs">
          <tr className="h-10 [&>th]:px-4 [&>th]:font-medium">
            <th scope="col">{t("alerts.robot")}</th>
            <th scope="col" className="text-right">
              {t("jobs.status.completed")}
            </th>
            <th scope="col" className="text-right">
              {t("jobs.total.today")}
            </th>
            <th scope="col" className="text-right max-sm:hidden">
              {t("jobs.status.cancelled")}
            </th>
            <th scope="col" className="text-right max-sm:hidden">
              {t("jobs.status.failed")}
            </th>
            <th scope="col" className="text-right max-sm:hidden">
              {t("jobs.total.items")}
            </th>
            <th scope="col" className="text-right max-sm:hidden">
              {t("jobs.total.average")}
            </th>
          </tr>
        </thead>
        <tbody>
          {robots.map((each) => (
            <Robot key={each.robot_id} totals={each} />
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Robot({ totals }: { totals: JobTotals }) {
  return (
    <tr className="h-10 border-line border-t [&>td]:px-4">
      <td>
        <RobotLink robot={totals.robot_id} />
      </td>
      <td className="text-right">{number(totals.completed_jobs)}</td>
      <td className="text-right">{number(totals.completed_jobs_today)}</td>
      <td className="text-right max-sm:hidden">{number(totals.cancelled_jobs)}</td>
      <td className="text-right max-sm:hidden">{number(totals.failed_jobs)}</td>
      <td className="text-right max-sm:hidden">{number(totals.total_items_done)}</td>
      <td className="text-right max-sm:hidden">
        {totals.total_duration_seconds > 0 ? duration(totals.average_duration_seconds * 1000) : noValue}
      </td>
    </tr>
  );
}
