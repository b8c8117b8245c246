import { useNavigate, useSearch } from "@tanstack/react-router";
import { Bot, SearchX } from "lucide-react";
import { useCallback, useMemo } from "react";
import { useFleet } from "@/api/robots";
import { useT } from "@/i18n/translate";
import { useCalm } from "@/live/calm";
import { useConnection, useWatch } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";
import { setPreferences, usePreferences } from "@/preferences";
import { CardGrid } from "./CardGrid";
import { EmptyFleet } from "./EmptyFleet";
import { FleetTable } from "./FleetTable";
import { FleetToolbar } from "./FleetToolbar";
import { PendingRobots } from "./PendingRobots";
import { cardHeight } from "./RobotCard";
import { StoppedRobots } from "./StoppedRobots";
import { countFilters, type FleetSearch, readFleetSearch, type Sort, select } from "./search";

// More cards than this are more than a glance.
const listFrom = 61;

// With more robots than this something changes all the time: scrolling comes before showing each change at once.
const manyRobots = 100;

export function FleetPage() {
  const t = useT();
  const fleet = useFleet();
  useWatch({ fleet: true });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h1 className="sr-only">{t("fleet.title")}</h1>
      <StoppedRobots />
      <PendingRobots />
      {fleet.isPending && <Loading />}
      {fleet.isError && !fleet.data && <ErrorState error={fleet.error} retry={() => void fleet.refetch()} />}
      {fleet.data?.length === 0 && <EmptyFleet />}
      {fleet.data && fleet.data.length > 0 && <Robots />}
    </div>
  );
}

function Loading() {
  const t = useT();
  return (
    <div role="status" className="grid grid-cols-[repeat(auto-fill,minmax(18rem,1fr))] gap-3">
      <span className="sr-only">{t("state.loading")}</span>
      {[1, 2, 3, 4, 5, 6].map((i) => (
        <div key={i} className="card p-3" style={{ height: cardHeight }}>
          <div className="flex gap-3">
            <Skeleton className="h-18 w-16" />
            <div className="flex-1">
              <Skeleton className="h-4 w-2/3" />
              <Skeleton className="mt-2 h-3 w-1/3" />
            </div>
          </div>
          <Skeleton className="mt-6 h-4" />
          <Skeleton className="mt-3 h-4" />
        </div>
      ))}
    </div>
  );
}

function Robots() {
  const t = useT();
  const { data: fleet = [] } = useFleet();
  // Read again: what the route leaves out of the URL, the router passes on all the same.
  const raw = useSearch({ from: "/shell/" });
  const search = useMemo(() => readFleetSearch({ ...raw }), [raw]);
  const { fleetView } = usePreferences();
  const { phase, lostAt } = useConnection();
  const change = useChange(search);
  const stale = phase !== "open" && lostAt !== undefined;
  const calm = useCalm(fleet, fleet.length > manyRobots ? 500 : 0);
  const robots = useMemo(() => select(calm, search), [calm, search]);
  const counts = useMemo(() => countFilters(calm), [calm]);
  const chosen = search.view ?? (fleetView === "auto" ? undefined : fleetView);
  const view = chosen ?? (fleet.length >= listFrom ? "list" : "cards");
  const sort = search.sort ?? "attention";
  const sortBy = (next: Sort) => change({ sort: next, down: next === sort && !search.down ? true : undefined });
  return (
    <>
      <FleetToolbar search={search} counts={counts} view={view} onChange={change} />
      <p role="status" className="sr-only">
        {t("fleet.count", { n: robots.length })}
      </p>
      {robots.length === 0 && (
        <EmptyState
          icon={fleet.length > 0 ? <SearchX aria-hidden /> : <Bot aria-hidden />}
          title={t("fleet.none_match")}
        >
          <Button onClick={() => change({ q: undefined, show: undefined })}>{t("fleet.clear")}</Button>
        </EmptyState>
      )}
      {robots.length > 0 && view === "cards" && <CardGrid robots={robots} stale={stale} />}
      {robots.length > 0 && view === "list" && (
        <FleetTable robots={robots} stale={stale} sort={sort} down={search.down ?? false} onSort={sortBy} />
      )}
    </>
  );
}

type Change = { [K in keyof FleetSearch]?: FleetSearch[K] | undefined };

/** Changes the URL; the view that somebody chose is remembered on this device too. */
function useChange(search: FleetSearch): (change: Change) => void {
  const navigate = useNavigate({ from: "/" });
  return useCallback(
    (change) => {
      if (change.view) setPreferences({ fleetView: change.view });
      void navigate({ search: readFleetSearch({ ...search, ...change }), replace: true, resetScroll: false });
    },
    [navigate, search],
  );
}
