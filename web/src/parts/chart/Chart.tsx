import { Table2 } from "lucide-react";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import { decimalsFor, number } from "@/format/number";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { cn } from "@/parts/cn";
import { Skeleton } from "@/parts/states";
import { useCursor } from "./cursor";
import { DataTable } from "./DataTable";
import { Legend } from "./Legend";
import { Plot, type PlotProps } from "./Plot";
import type { Columns } from "./shape";
import { cursorTime } from "./ticks";
import { read, sentence, stepText, useSummary, writer } from "./words";

interface Props extends Omit<PlotProps, "label" | "hidden" | "height" | "thresholds"> {
  title: string;
  unit: string;
  decimals?: number | undefined;
  height?: number | undefined;
  thresholds?: PlotProps["thresholds"] | undefined;
  /** Writes a value for a person where a number with its unit would not do. */
  write?: ((value: number) => string) | undefined;
  loading?: boolean | undefined;
  /** What stands beside the title. */
  note?: ReactNode;
  className?: string | undefined;
}

const noThresholds: PlotProps["thresholds"] = [];

/** History of one value, or of several of one unit: what happened, how far it went, and when nothing was measured. */
export function Chart({
  title,
  unit,
  decimals = decimalsFor(unit),
  write: own,
  loading,
  note,
  className,
  ...rest
}: Props) {
  const t = useT();
  const { height = 180, thresholds = noThresholds, lines, step } = rest;
  const [time, cursor] = useCursor();
  const [painted, setPainted] = useState<{ made: Columns; from: number; to: number }>();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [table, setTable] = useState(false);
  const [focused, setFocused] = useState(false);
  const now = useNow();
  const onPaint = useCallback((made: Columns, from: number, to: number) => setPainted({ made, from, to }), []);
  // Of a past time there is no "now" to show beside a line, only what the cursor points at.
  const tells = painted !== undefined && (rest.span.live || time !== undefined);
  const values = tells ? lines.map((_, i) => read(painted.made, i, time)) : [];
  const write = useMemo(() => writer(unit, decimals, own), [unit, decimals, own]);
  const text = useSummary(rest, title, write);
  const first = values[0];
  const empty = painted !== undefined && !painted.made.times.some((at) => at >= painted.from && at <= painted.to);
  const toggle = (key: string) =>
    setHidden((before) => new Set(before.has(key) ? [...before].filter((each) => each !== key) : [...before, key]));
  return (
    <figure
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
      className={cn("card flex min-w-0 flex-col gap-1 p-3", className)}
    >
      <figcaption className="flex h-7 items-center gap-2">
        <h3 className="truncate font-semibold">{title}</h3>
        {lines.length === 1 && (
          <span className="whitespace-nowrap text-ink-2">
            {tells && write(first?.mean)}
            {first && time !== undefined && first.min < first.max && !own && (
              <span className="ml-1.5 text-ink-3 text-xs max-sm:hidden">
                {number(first.min, decimals)}…{number(first.max, decimals)}
              </span>
            )}
          </span>
        )}
        {note}
        <span className="ml-auto whitespace-nowrap text-ink-3 text-xs">
          {time === undefined
            ? t(step === 0 ? "chart.raw" : "chart.buckets", { step: stepText(step) })
            : cursorTime(time, step, now)}
        </span>
        <Button
          look="ghost"
          size="icon"
          aria-label={t("chart.table_of", { title })}
          title={t("chart.table")}
          onClick={() => setTable(true)}
          className="-mr-1.5 size-7 max-md:min-h-9 max-md:min-w-9"
        >
          <Table2 aria-hidden />
        </Button>
      </figcaption>
      {lines.length > 1 && <Legend {...{ lines, values, write, hidden, tells }} onToggle={toggle} />}
      <div className="relative" style={{ height }}>
        {loading ? (
          <Skeleton className="h-full" />
        ) : (
          <Plot
            {...rest}
            {...{ height, thresholds, hidden, cursor, onPaint }}
            tick={own}
            label={`${title}. ${t("chart.help")}`}
          />
        )}
        {empty && !loading && (
          <p className="pointer-events-none absolute inset-0 grid place-items-center pb-8 pl-12 text-ink-3">
            {t("chart.empty")}
          </p>
        )}
      </div>
      <p className="sr-only">{text}</p>
      <p className="sr-only" aria-live="polite">
        {focused && time !== undefined && sentence(lines, values, write, cursorTime(time, step, now))}
      </p>
      {table && painted && (
        <DataTable {...{ title, unit, decimals, lines, painted }} step={step} onClose={() => setTable(false)} />
      )}
    </figure>
  );
}
