import { BellOff, CheckCircle2, SearchX } from "lucide-react";
import { useMemo, useState } from "react";
import { useOpenAlerts, useResolvedAlerts } from "@/api/alerts";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { useNow, useWatch } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";
import { AlertFilters } from "./AlertFilters";
import { AlertTable } from "./AlertTable";
import { BulkBar } from "./BulkBar";
import { narrowed, selectOpen } from "./search";
import { useAlertSearch } from "./useAlertSearch";

/** Alerts, open ones first, of all robots or of one. Open alerts are as live as the connection. */
export function AlertList({ robot }: { robot?: string }) {
  const t = useT();
  useWatch({ alerts: true });
  const handles = useMay("handle_alerts");
  const [search, change] = useAlertSearch(robot);
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set());
  const open = useOpenAlerts();
  const minute = Math.floor(useNow() / 60_000);
  const state = search.state ?? "open";
  const showsResolved = state === "resolved" || state === "all";
  const resolved = useResolvedAlerts(search, showsResolved);
  const shown = useMemo(() => selectOpen(open.data ?? [], search, (minute + 1) * 60_000), [open.data, search, minute]);
  const past = useMemo(() => resolved.data?.pages.flatMap((page) => page.list) ?? [], [resolved.data]);
  const counts = useMemo(() => {
    const all = selectOpen(open.data ?? [], { ...search, state: "all" }, (minute + 1) * 60_000);
    return { open: all.length, new: all.filter((alert) => !alert.acknowledged).length };
  }, [open.data, search, minute]);
  // What was resolved meanwhile is no longer chosen.
  const chosen = shown.filter((alert) => selected.has(alert.id));
  const isNarrowed = narrowed(robot === undefined ? search : { ...search, robot: "" });
  const waiting = (state !== "resolved" && open.isPending) || (showsResolved && resolved.isPending);
  const failed = state !== "resolved" && open.isError && !open.data ? open : resolved.isError ? resolved : undefined;
  const list = { selected, onSelect: setSelected, expanded, onExpand: setExpanded, ofRobot: robot !== undefined };
  const clear = () => change({ severity: undefined, robot: undefined, type: undefined, time: undefined });
  return (
    <div className="grid gap-4">
      <AlertFilters search={search} ofRobot={robot !== undefined} counts={counts} onChange={change} />
      {!handles && <Notice>{t("alerts.viewer")}</Notice>}
      {waiting && !failed && <Waiting />}
      {failed && <ErrorState error={failed.error} retry={() => void failed.refetch()} />}
      {!waiting && !failed && (
        <>
          {handles && chosen.length > 0 && <BulkBar alerts={chosen} onDone={() => setSelected(new Set())} />}
          {state !== "resolved" && shown.length > 0 && (
            <AlertTable
              title={t(`alerts.state.${state === "new" ? "new" : "open"}`)}
              titled={state === "all"}
              alerts={shown}
              {...list}
            />
          )}
          {state !== "resolved" && shown.length === 0 && !(state === "all" && past.length > 0) && (
            <Nothing narrowed={isNarrowed} onClear={clear} />
          )}
          {showsResolved && past.length > 0 && (
            <AlertTable title={t("alerts.state.resolved")} titled={state === "all"} alerts={past} {...list} />
          )}
          {state === "resolved" && past.length === 0 && (
            <EmptyState icon={<BellOff aria-hidden />} title={t("alerts.none_resolved")} />
          )}
          {showsResolved && resolved.hasNextPage && (
            <Button
              onClick={() => void resolved.fetchNextPage()}
              busy={resolved.isFetchingNextPage}
              className="justify-self-center"
            >
              {t("alerts.more")}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

function Waiting() {
  const t = useT();
  return (
    <div role="status" className="card grid gap-3 p-4">
      <span className="sr-only">{t("state.loading")}</span>
      {[1, 2, 3, 4, 5].map((i) => (
        <Skeleton key={i} className="h-10" />
      ))}
    </div>
  );
}

function Nothing({ narrowed: isNarrowed, onClear }: { narrowed: boolean; onClear: () => void }) {
  const t = useT();
  if (!isNarrowed) {
    return (
      <EmptyState icon={<CheckCircle2 className="text-ok!" aria-hidden />} title={t("alerts.calm")}>
        {t("alerts.calm_text")}
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={<SearchX aria-hidden />} title={t("alerts.none_match")}>
      <Button onClick={onClear}>{t("alerts.clear")}</Button>
    </EmptyState>
  );
}
