import { FileClock, ShieldX, X } from "lucide-react";
import { useMemo } from "react";
import { auditExport, useAudit } from "@/api/audit";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { serverNow } from "@/live/hooks";
import { Period } from "@/pages/logs/Period";
import { UserTabs } from "@/pages/users/UserTabs";
import { Button } from "@/parts/Button";
import { DownloadMenu } from "@/parts/DownloadMenu";
import { ListState } from "@/parts/ListState";
import { More } from "@/parts/More";
import { RobotSelect } from "@/parts/RobotSelect";
import { SearchInput } from "@/parts/SearchInput";
import { Select } from "@/parts/Select";
import { EmptyState } from "@/parts/states";
import { type Change, useSearchState } from "@/parts/useSearchState";
import { ActionSelect } from "./ActionSelect";
import { AuditTable } from "./AuditTable";
import { type AuditSearch, auditFilter, auditTimes, readAuditSearch } from "./search";

/** Who did what, from where, and how it ended; for admins. */
export function AuditPage() {
  const t = useT();
  const allowed = useMay("read_audit");
  const [search, change] = useSearchState(readAuditSearch);
  const filter = auditFilter(search, serverNow());
  const audit = useAudit(filter, allowed);
  const list = useMemo(() => audit.data?.pages.flatMap((page) => page.entries) ?? [], [audit.data]);
  const narrowed = Object.keys(search).length > 0;
  const clear = () => change(nothing);
  if (!allowed) return <EmptyState icon={<ShieldX aria-hidden />} title={t("state.forbidden")} />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h1 className="sr-only">{t("audit.title")}</h1>
      <UserTabs />
      <div className="flex flex-wrap items-start gap-2">
        <Filters search={search} onChange={change} />
        {narrowed && (
          <Button look="ghost" onClick={clear}>
            <X aria-hidden />
            {t("alerts.clear")}
          </Button>
        )}
        <div className="ml-auto">
          <DownloadMenu csv={auditExport("csv", filter)} json={auditExport("json", filter)} name="tonypi-audit" />
        </div>
      </div>
      <ListState
        query={audit}
        known={audit.data !== undefined}
        empty={list.length === 0}
        narrowed={narrowed}
        onClear={clear}
        nothing={<EmptyState icon={<FileClock aria-hidden />} title={t("audit.none")} />}
      >
        <AuditTable entries={list} />
      </ListState>
      <More pages={audit} />
    </div>
  );
}

const nothing = {
  user: undefined,
  action: undefined,
  robot: undefined,
  time: undefined,
  from: undefined,
  to: undefined,
};

function Filters({ search, onChange }: { search: AuditSearch; onChange: (change: Change<AuditSearch>) => void }) {
  const t = useT();
  const standing = search.from !== undefined || search.to !== undefined;
  return (
    <>
      <SearchInput
        label={t("audit.user")}
        value={search.user ?? ""}
        onChange={(user) => onChange({ user: user.trim() || undefined })}
        className="flex-1 max-sm:basis-full sm:max-w-52"
      />
      <div className="flex flex-wrap gap-2 max-sm:grid max-sm:w-full max-sm:grid-cols-2">
        <ActionSelect value={search.action} onChange={(action) => onChange({ action })} />
        <RobotSelect value={search.robot} onChange={(robot) => onChange({ robot })} />
        {!standing && (
          <Select
            label={t("alerts.time")}
            value={search.time ?? ""}
            onChange={(time) => onChange({ time: time || undefined })}
            choices={[
              ["", t("alerts.any_time")],
              ...auditTimes.map((time) => [time, t(`alerts.time.${time}`)] as const),
            ]}
          />
        )}
        <Period from={search.from} to={search.to} onChange={(from, to) => onChange({ from, to })} />
      </div>
    </>
  );
}
