import { X } from "lucide-react";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { RobotSelect } from "@/parts/RobotSelect";
import { SearchInput } from "@/parts/SearchInput";
import { useSearchState } from "@/parts/useSearchState";
import { JobTabs } from "./JobTabs";
import { ScanList } from "./ScanList";
import { narrowed, readScanSearch } from "./search";

/** What every robot scanned. */
export function ScansPage() {
  const t = useT();
  const [search, change] = useSearchState(readScanSearch);
  const clear = () => change({ robot: undefined, job: undefined, code: undefined });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h1 className="sr-only">{t("scans.title")}</h1>
      <JobTabs />
      <div className="flex flex-wrap items-center gap-2">
        <SearchInput
          label={t("scans.search")}
          value={search.code ?? ""}
          onChange={(code) => change({ code: code.trim() || undefined })}
          className="flex-1 max-sm:basis-full sm:max-w-72"
        />
        <RobotSelect
          value={search.robot}
          onChange={(robot) => change({ robot })}
          className="max-sm:flex-1 sm:max-w-48"
        />
        {narrowed(search) && (
          <Button look="ghost" onClick={clear}>
            <X aria-hidden />
            {t("alerts.clear")}
          </Button>
        )}
      </div>
      <ScanList filter={search} onClear={clear} />
    </div>
  );
}
