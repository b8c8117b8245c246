import { Link } from "@tanstack/react-router";
import { LayoutGrid, Rows3, Search, Settings2 } from "lucide-react";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { inputLook } from "@/parts/Field";
import { Segments } from "@/parts/Segments";
import { Select } from "@/parts/Select";
import { type Filter, type FleetSearch, filters, type Sort, sorts } from "./search";

interface Props {
  search: FleetSearch;
  counts: Record<Filter, number>;
  view: "cards" | "list";
  onChange: (change: Partial<FleetSearch>) => void;
}

/** Search, filter, order and view of the fleet. */
export function FleetToolbar({ search, counts, view, onChange }: Props) {
  const t = useT();
  const edits = useMay("edit_robots");
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="relative min-w-52 flex-1 max-sm:basis-full sm:max-w-72">
        <Search
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-ink-3"
        />
        <input
          type="search"
          aria-label={t("fleet.search")}
          placeholder={t("fleet.search")}
          value={search.q ?? ""}
          onChange={(event) => onChange({ q: event.target.value })}
          className={cn(inputLook, "h-9 pl-9")}
        />
      </div>
      <div className="-mx-3 flex max-w-[100vw] overflow-x-auto px-3 py-0.5 max-sm:w-[calc(100%+1.5rem)]">
        <Segments<Filter>
          label={t("fleet.filter")}
          value={search.show ?? "all"}
          onChange={(show) => onChange({ show })}
          choices={filters.map((filter) => [
            filter,
            <span key={filter} className="inline-flex items-center gap-1.5">
              {t(`fleet.filter.${filter}`)} <span className="text-ink-3">{counts[filter]}</span>
            </span>,
          ])}
        />
      </div>
      <Select<Sort>
        label={t("fleet.sort")}
        value={search.sort ?? "attention"}
        onChange={(sort) => onChange({ sort, down: undefined })}
        choices={sorts.map((sort) => [sort, t(`fleet.sort.${sort}`)])}
        className="ml-auto max-sm:flex-1"
      />
      <Segments<"cards" | "list">
        label={t("fleet.view")}
        value={view}
        onChange={(next) => onChange({ view: next })}
        choices={[
          ["cards", <LayoutGrid key="cards" aria-hidden />, t("fleet.view.cards")],
          ["list", <Rows3 key="list" aria-hidden />, t("fleet.view.list")],
        ]}
      />
      {edits && (
        <Link
          to="/robots"
          className="inline-flex h-9 items-center gap-2 rounded-lg px-2.5 font-medium text-ink-2 text-sm hover:bg-sunken hover:text-ink max-md:h-11"
        >
          <Settings2 className="size-4" aria-hidden />
          {t("robots.manage")}
        </Link>
      )}
    </div>
  );
}
