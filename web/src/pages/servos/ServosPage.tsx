import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Bone } from "lucide-react";
import { useCallback, useMemo, useRef } from "react";
import { useRobot } from "@/api/robots";
import { useRules } from "@/api/rules";
import type { Rule } from "@/api/types";
import { useT } from "@/i18n/translate";
import { useConnection } from "@/live/hooks";
import { EmptyState } from "@/parts/states";
import { ServoHistory } from "./ServoHistory";
import { ServoMap } from "./ServoMap";
import { ServoTable } from "./ServoTable";
import { Summary } from "./Summary";
import { mostChosen, readServoSearch, type ServoSearch, type Sort, splitJoints } from "./search";
import { hottest, type Servo, sortServos, useServos } from "./servos";

const noRules: readonly Rule[] = [];

/** Every servo: how it is now, where it sits, and how it was. */
export function ServosPage() {
  const t = useT();
  const { robot: id } = useParams({ from: "/shell/robots/$robot" });
  const { data: robot } = useRobot(id);
  const { data: rules = noRules } = useRules(id);
  const { phase, lostAt } = useConnection();
  const servos = useServos(id, rules);
  // Read again: what the route leaves out of the URL, the router passes on all the same.
  const raw = useSearch({ from: "/shell/robots/$robot/servos" });
  const search = useMemo(() => readServoSearch({ ...raw }), [raw]);
  const change = useChange();
  const chosen = useChosen(search, servos);
  const stale = robot?.online === false || (phase !== "open" && lostAt !== undefined);
  const sort = search.sort ?? "joint";
  const choose = (sources: readonly string[]) => change({ joints: sources.slice(0, mostChosen).join(",") });
  const toggle = (source: string) =>
    choose(chosen.includes(source) ? chosen.filter((each) => each !== source) : [...chosen, source]);
  const sortBy = (next: Sort) =>
    change({ sort: next === "joint" ? undefined : next, down: next === sort && !search.down ? true : undefined });
  if (servos.length === 0) {
    return (
      <EmptyState icon={<Bone aria-hidden />} title={t("servo.nothing")}>
        {t("servo.nothing_text")}
      </EmptyState>
    );
  }
  return (
    <div className="grid gap-4">
      <h2 className="sr-only">{t("servo.title")}</h2>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <ServoTable
          servos={sortServos(servos, sort, search.down ?? false)}
          {...{ chosen, sort, stale }}
          down={search.down ?? false}
          onSort={sortBy}
          onToggle={toggle}
        />
        <div className="grid gap-4 max-lg:order-first max-lg:grid-cols-[11rem_minmax(0,1fr)] max-sm:grid-cols-1">
          <Summary servos={servos} />
          <ServoMap {...{ servos, chosen, stale }} onToggle={toggle} />
        </div>
      </div>
      <ServoHistory
        robot={id}
        servos={servos}
        chosen={chosen}
        onClear={() => choose([])}
        onHottest={() => choose(hottest(servos, 3))}
      />
    </div>
  );
}

/** The servos whose history is shown: those of the URL, else the three that were hottest when the page opened. */
function useChosen({ joints }: ServoSearch, servos: readonly Servo[]): readonly string[] {
  const first = useRef<readonly string[]>(undefined);
  if (!first.current && servos.some((servo) => servo.temperature !== undefined)) first.current = hottest(servos, 3);
  const initial = first.current;
  return useMemo(() => (joints === undefined ? (initial ?? []) : splitJoints(joints)), [joints, initial]);
}

type Change = { [K in keyof ServoSearch]?: ServoSearch[K] | undefined };

function useChange(): (change: Change) => void {
  const navigate = useNavigate({ from: "/robots/$robot/servos" });
  return useCallback(
    (change) =>
      void navigate({
        search: (before) => readServoSearch({ ...before, ...change }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
}
