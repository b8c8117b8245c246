import { Link, useParams } from "@tanstack/react-router";
import { ScanLine } from "lucide-react";
import { useT } from "@/i18n/translate";
import { ActiveJobs } from "./ActiveJobs";
import { JobHistory } from "./JobHistory";
import { StartJob } from "./StartJob";
import { Totals } from "./Totals";

/** The jobs of one robot. */
export function RobotJobsPage() {
  const t = useT();
  const { robot } = useParams({ from: "/shell/robots/$robot" });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <div className="flex flex-wrap items-center gap-3">
        <Link
          to="/jobs/scans"
          search={{ robot }}
          className="mr-auto inline-flex h-9 items-center gap-2 text-accent underline-offset-2 hover:underline"
        >
          <ScanLine className="size-4" aria-hidden />
          {t("scans.of_robot")}
        </Link>
        <StartJob robot={robot} />
      </div>
      <Totals robot={robot} />
      <ActiveJobs robot={robot} />
      <JobHistory robot={robot} />
    </div>
  );
}
