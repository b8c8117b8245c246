import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleHelp, ScanLine } from "lucide-react";
import { useMemo } from "react";
import { type ScanFilter, useScans } from "@/api/jobs";
import type { ScanRecord } from "@/api/types";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useWatch } from "@/live/hooks";
import { Age } from "@/parts/Age";
import { ListState } from "@/parts/ListState";
import { More } from "@/parts/More";
import { RobotLink } from "@/parts/RobotLink";
import { EmptyState } from "@/parts/states";
import { narrowed } from "./search";

interface Props {
  filter: ScanFilter;
  /** The list belongs to one job: robot and job go without saying. */
  ofJob?: boolean;
  onClear?: () => void;
}

/** What robots scanned, newest first. */
export function ScanList({ filter, ofJob = false, onClear }: Props) {
  const t = useT();
  useWatch({ jobs: true });
  const scans = useScans(filter);
  const list = useMemo(() => scans.data?.pages.flatMap((page) => page.scans) ?? [], [scans.data]);
  return (
    <div className="grid gap-3">
      <ListState
        query={scans}
        known={scans.data !== undefined}
        empty={list.length === 0}
        narrowed={!ofJob && narrowed(filter)}
        {...(onClear ? { onClear } : {})}
        nothing={
          <EmptyState icon={<ScanLine aria-hidden />} title={t("scans.none")} className={ofJob ? "py-7" : ""}>
            {t(ofJob ? "scans.none_job" : "scans.none_text")}
          </EmptyState>
        }
      >
        <div className="card overflow-x-clip">
          <table className="w-full text-left">
            <caption className="sr-only">{t("scans.title")}</caption>
            <thead className="text-ink-3 text-xs">
              <tr className="h-10 [&>th]:px-4 [&>th]:font-medium">
                <th scope="col">{t("scans.code")}</th>
                <th scope="col">{t("scans.item")}</th>
                {!ofJob && (
                  <th scope="col" className="max-sm:hidden">
                    {t("alerts.robot")}
                  </th>
                )}
                {!ofJob && (
                  <th scope="col" className="max-md:hidden">
                    {t("scans.job")}
                  </th>
                )}
                <th scope="col" className="max-lg:hidden">
                  {t("scans.station")}
                </th>
                <th scope="col" className="w-28 text-right">
                  {t("scans.time")}
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((scan) => (
                <Row key={scan.id} scan={scan} ofJob={ofJob} />
              ))}
            </tbody>
          </table>
        </div>
      </ListState>
      <More pages={scans} />
    </div>
  );
}

function Row({ scan, ofJob }: { scan: ScanRecord; ofJob: boolean }) {
  const t = useT();
  const Icon = scan.found ? CircleCheck : CircleHelp;
  return (
    <tr className="border-line border-t [&>td]:px-4 [&>td]:py-2.5">
      <td className="break-all font-mono text-xs">{scan.code}</td>
      <td>
        <span className="inline-flex items-center gap-1.5">
          <Icon className={scan.found ? "size-4 shrink-0 text-ok" : "size-4 shrink-0 text-warn"} aria-hidden />
          {scan.found ? scan.item || scan.code : <span className="text-ink-2">{t("scans.unknown")}</span>}
        </span>
      </td>
      {!ofJob && (
        <td className="max-sm:hidden">
          <RobotLink robot={scan.robot_id} />
        </td>
      )}
      {!ofJob && (
        <td className="max-md:hidden">
          {scan.job_id > 0 ? (
            <Link
              to="/jobs/$job"
              params={{ job: String(scan.job_id) }}
              className="text-accent underline-offset-2 hover:underline"
            >
              {t("scans.job_number", { id: scan.job_id })}
            </Link>
          ) : (
            <span className="text-ink-3">{t("scans.no_job")}</span>
          )}
        </td>
      )}
      <td className="text-ink-2 max-lg:hidden">{[scan.station, scan.action].filter(Boolean).join(" · ")}</td>
      <td className="text-right text-ink-2">
        <Age time={parseTime(scan.timestamp)} />
      </td>
    </tr>
  );
}
