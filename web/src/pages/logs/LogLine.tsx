import { memo } from "react";
import type { LogEntry } from "@/api/types";
import { number } from "@/format/number";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { LevelBadge, levelSigns } from "./LevelBadge";
import { stamp } from "./stamp";
import type { Gap } from "./tail";

/** The height of a line in pixels: one row of text, or two and room for a thumb on narrow screens. */
export function lineHeight(): number {
  return matchMedia("(max-width: 767px)").matches ? 52 : 28;
}

interface Props {
  line: LogEntry;
  top: number;
  ofRobot: boolean;
  open: boolean;
  onOpen: (line: LogEntry | undefined) => void;
}

/** One line of a log; pressing it opens what is known of it. */
export const LogLine = memo(function LogLine({ line, top, ofRobot, open, onOpen }: Props) {
  const t = useT();
  const bad = line.level === "ERROR" || line.level === "CRITICAL";
  return (
    <button
      type="button"
      aria-expanded={open}
      onClick={() => onOpen(open ? undefined : line)}
      style={{ top, height: lineHeight() }}
      className={cn(
        "absolute inset-x-0 flex items-center gap-3 px-4 text-left -outline-offset-2 hover:bg-sunken max-md:flex-wrap max-md:content-center max-md:gap-x-2 max-md:gap-y-0 max-md:px-3",
        open && "bg-accent-soft hover:bg-accent-soft",
      )}
    >
      <time dateTime={line.timestamp} className="w-24 shrink-0 whitespace-nowrap text-ink-3 text-xs max-md:w-auto">
        {stamp(parseTime(line.timestamp))}
      </time>
      <LevelBadge level={line.level} className="w-20 shrink-0 max-md:w-auto" />
      {!ofRobot && (
        <span className="w-28 shrink-0 truncate text-ink-2 text-xs max-md:w-auto max-md:max-w-[40%]">
          {line.robot_id || t("logs.server")}
        </span>
      )}
      <span className="w-28 shrink-0 truncate text-ink-3 text-xs max-lg:hidden">{line.category}</span>
      <span
        className={cn(
          "min-w-0 flex-1 truncate max-md:basis-full",
          bad ? levelSigns[line.level].ink : line.level === "DEBUG" ? "text-ink-3" : "text-ink",
        )}
      >
        {line.message}
      </span>
    </button>
  );
});

/** Lines that came too fast for this browser, and the way to get them. */
export function SkippedLines({ gap, top, onLoad }: { gap: Gap; top: number; onLoad: () => void }) {
  const t = useT();
  return (
    <button
      type="button"
      onClick={onLoad}
      style={{ top, height: lineHeight() }}
      className="absolute inset-x-0 bg-warn-soft px-4 text-center text-warn text-xs -outline-offset-2"
    >
      {t("logs.skipped", { n: gap.gap, count: number(gap.gap) })}
    </button>
  );
}
