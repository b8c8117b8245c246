import { type LogLevel, type LogTime, logLevels, useLogStats } from "@/api/logs";
import { noValue, number } from "@/format/number";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { levelSigns } from "./LevelBadge";

interface Props {
  robot: string | undefined;
  time: LogTime;
  levels: readonly LogLevel[] | undefined;
  onToggle: (level: LogLevel) => void;
}

/** How many lines each level has; pressing one shows or hides it. */
export function LevelCounts({ robot, time, levels, onToggle }: Props) {
  const t = useT();
  const { data } = useLogStats(robot, time);
  const counts = data && {
    DEBUG: data.debug,
    INFO: data.info,
    WARNING: data.warning,
    ERROR: data.error,
    CRITICAL: data.critical,
  };
  return (
    <fieldset className="flex min-w-0 gap-2 overflow-x-auto py-0.5">
      <legend className="sr-only">{t("logs.levels")}</legend>
      {logLevels.map((level) => {
        const { Icon, ink } = levelSigns[level];
        return (
          <button
            key={level}
            type="button"
            aria-pressed={levels?.includes(level) ?? false}
            onClick={() => onToggle(level)}
            className={cn(
              "inline-flex h-8 shrink-0 items-center gap-1.5 rounded-full border border-line-strong bg-surface px-3 text-xs hover:bg-sunken aria-pressed:border-accent aria-pressed:bg-accent-soft max-md:h-11",
              levels && !levels.includes(level) && "text-ink-3",
            )}
          >
            <Icon className={cn("size-3.5", ink)} aria-hidden />
            <span className="font-medium">{level}</span>
            <span className="text-ink-3">{counts ? number(counts[level]) : noValue}</span>
          </button>
        );
      })}
    </fieldset>
  );
}
