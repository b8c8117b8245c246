import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { lookOf } from "./look";
import type { Value } from "./shape";
import type { Write } from "./words";

interface Props {
  lines: readonly { key: string; name: string }[];
  values: readonly (Value | undefined)[];
  write: Write;
  hidden: ReadonlySet<string>;
  /** Whether there is a moment that the values are of. */
  tells: boolean;
  onToggle: (key: string) => void;
}

/** What each line is and says: at the cursor, else now. A press hides a line or brings it back. */
export function Legend({ lines, values, write, hidden, tells, onToggle }: Props) {
  const t = useT();
  return (
    <ul aria-label={t("chart.lines")} className="flex flex-wrap gap-x-1 gap-y-0.5">
      {lines.map(({ key, name }, i) => {
        const value = values[i];
        return (
          <li key={key}>
            <button
              type="button"
              aria-pressed={!hidden.has(key)}
              title={t("chart.toggle")}
              onClick={() => onToggle(key)}
              className="flex h-6 items-center gap-1.5 rounded-md px-1 text-ink-2 text-xs hover:bg-sunken max-md:h-9"
            >
              <Sample i={i} faded={hidden.has(key)} />
              <span className={cn("max-w-40 truncate", hidden.has(key) && "text-ink-3 line-through")}>{name}</span>
              <span className="min-w-12 text-right font-medium text-ink">
                {tells && !hidden.has(key) && write(value?.mean)}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** A piece of a line as it is drawn. */
export function Sample({ i, faded = false }: { i: number; faded?: boolean }) {
  const { color, dash } = lookOf(i);
  return (
    <svg width="22" height="8" aria-hidden="true" className={cn("shrink-0", faded && "opacity-30")}>
      <line x1="0" x2="22" y1="4" y2="4" stroke={`var(${color})`} strokeWidth="2" strokeDasharray={dash.join(" ")} />
    </svg>
  );
}
