import { useT } from "@/i18n/translate";
import { ActiveJobs } from "./ActiveJobs";
import { JobHistory } from "./JobHistory";
import { JobTabs } from "./JobTabs";
import { StartJob } from "./StartJob";
import { RobotTotals, Totals } from "./Totals";

/** The jobs of every robot. */
export function JobsPage() {
  const t = useT();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <h1 className="sr-only">{t("jobs.title")}</h1>
      <JobTabs />
      <div className="flex flex-wrap items-start gap-3">
        <p className="max-w-3xl flex-1 basis-72 text-ink-2">{t("jobs.intro")}</p>
        <span className="ml-auto">
          <StartJob />
        </span>
      </div>
      <Totals />
      <ActiveJobs />
      <RobotTotals />
      <JobHistory />
    </div>
  );
}
