import { ArrowDownToLine, Pause, ScrollText } from "lucide-react";
import { useMemo, useState } from "react";
import { logExport } from "@/api/logs";
import type { LogEntry } from "@/api/types";
import { useT } from "@/i18n/translate";
import { useConnection } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { cn } from "@/parts/cn";
import { DownloadMenu } from "@/parts/DownloadMenu";
import { FormFailure } from "@/parts/FormFailure";
import { ListState } from "@/parts/ListState";
import { EmptyState } from "@/parts/states";
import { useSearchState } from "@/parts/useSearchState";
import { ClearLogs } from "./ClearLogs";
import { LevelCounts } from "./LevelCounts";
import { LogBox } from "./LogBox";
import { LogDetails } from "./LogDetails";
import { LogFilters } from "./LogFilters";
import { filterOf, levelsOf, narrowed, readLogSearch, toggled } from "./search";
import { useRoomBelow } from "./useRoomBelow";
import { useTail } from "./useTail";

/** The log of every robot and the server, or of one robot. */
export function LogView({ robot }: { robot?: string }) {
  const t = useT();
  const [search, change] = useSearchState(readLogSearch);
  const [follows, setFollows] = useState(true);
  const [opened, setOpened] = useState<LogEntry>();
  const filter = useMemo(() => filterOf(search, robot), [search, robot]);
  const tail = useTail(filter, follows);
  const { phase } = useConnection();
  const live = filter.until === undefined;
  const [box, height] = useRoomBelow<HTMLDivElement>();
  const clear = () => change({ levels: undefined, category: undefined, q: undefined, from: undefined, to: undefined });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <LogFilters search={search} ofRobot={robot !== undefined} onChange={change} />
      <div className="flex flex-wrap items-center gap-2">
        <LevelCounts
          robot={filter.robot}
          time={filter.time}
          levels={levelsOf(search)}
          onToggle={(level) => change({ levels: toggled(search, level) })}
        />
        <div className="ml-auto flex items-center gap-2 max-sm:w-full">
          <ClearLogs onCleared={tail.reload} />
          <DownloadMenu csv={logExport("csv", filter)} json={logExport("json", filter)} name="tonypi-logs" />
          {live && (
            <Button aria-pressed={follows} onClick={() => setFollows(!follows)} className="min-w-28 max-sm:flex-1">
              {follows ? <Pause aria-hidden /> : <ArrowDownToLine aria-hidden />}
              {t(follows ? "logs.pause" : "logs.follow")}
            </Button>
          )}
        </div>
      </div>
      {tail.lines.length > 0 && <FormFailure error={tail.error} />}
      <ListState
        query={{ isPending: tail.pending, isError: tail.error !== undefined, error: tail.error, refetch: tail.reload }}
        known={tail.lines.length > 0}
        empty={tail.lines.length === 0}
        narrowed={narrowed(search)}
        onClear={clear}
        nothing={
          <EmptyState icon={<ScrollText aria-hidden />} title={t("logs.none")}>
            {t("logs.none_text")}
          </EmptyState>
        }
      >
        <div
          ref={box}
          style={{ height }}
          className={cn(
            "grid grid-cols-[minmax(0,1fr)] grid-rows-[minmax(0,1fr)] gap-3",
            opened && "lg:grid-cols-[minmax(0,1fr)_24rem]",
          )}
        >
          <div className={cn("card grid min-w-0 grid-rows-[auto_minmax(0,1fr)]", phase === "closed" && "stale")}>
            <Head ofRobot={robot !== undefined} />
            <LogBox
              tail={tail}
              following={follows && live}
              onFollow={setFollows}
              ofRobot={robot !== undefined}
              opened={opened}
              onOpen={setOpened}
            />
          </div>
          {opened && <LogDetails line={opened} onClose={() => setOpened(undefined)} />}
        </div>
      </ListState>
    </div>
  );
}

/** What the columns are, over the box; a phone has no columns. */
function Head({ ofRobot }: { ofRobot: boolean }) {
  const t = useT();
  return (
    <div
      aria-hidden
      className="flex h-9 items-center gap-3 border-line border-b px-4 font-medium text-ink-3 text-xs max-md:hidden"
    >
      <span className="w-24">{t("logs.time")}</span>
      <span className="w-20">{t("logs.level")}</span>
      {!ofRobot && <span className="w-28">{t("alerts.robot")}</span>}
      <span className="w-28 max-lg:hidden">{t("logs.category")}</span>
      <span>{t("logs.message")}</span>
    </div>
  );
}
