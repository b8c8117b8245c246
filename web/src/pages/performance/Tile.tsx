import { ArrowDownRight, ArrowRight, ArrowUpRight } from "lucide-react";
import { judge, useRules } from "@/api/rules";
import { number } from "@/format/number";
import { useT } from "@/i18n/translate";
import { useNow, useReading } from "@/live/hooks";
import { Age } from "@/parts/Age";
import type { History } from "@/parts/chart/history";
import { edges } from "@/parts/chart/range";
import { summarise } from "@/parts/chart/shape";
import { lineKey } from "@/parts/chart/tail";
import { cn } from "@/parts/cn";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { trendOf, type Vital, written } from "./values";

// A value that is older than this is no longer "now": robots report these every five to ten seconds.
const staleAfter = 30_000;

const arrows = { rising: ArrowUpRight, falling: ArrowDownRight, steady: ArrowRight };

interface Props {
  vital: Vital;
  history: History;
  online: boolean;
  reported: boolean;
}

/** One value now, where it comes from, and how old it is. It keeps its place and size whatever it shows. */
export function Tile({ vital, history, online, reported }: Props) {
  const t = useT();
  const now = useNow();
  const reading = useReading(history.robot, vital.metric);
  const { data: rules = [] } = useRules(history.robot);
  const old = reading !== undefined && (!online || now - reading.time > staleAfter);
  const level = judge(rules, vital.metric, reading?.value);
  const [text, unit] = written(vital, reading?.value, t);
  return (
    <div className="card flex min-w-0 flex-col gap-0.5 p-3">
      <dt className="flex h-5 items-center gap-1.5 text-ink-2 text-xs">
        <vital.Icon className="size-3.5 shrink-0 text-ink-3" aria-hidden />
        <span className="truncate">{t(vital.label)}</span>
      </dt>
      <dd className="contents">
        <span className={cn("flex h-7 items-baseline gap-1 whitespace-nowrap", old && "stale")}>
          {reported ? (
            <>
              <span className="font-semibold text-xl leading-7">{text}</span>
              <span className="text-ink-3 text-xs">{unit}</span>
              {level !== "calm" && !old && (
                <SeverityBadge severity={level} className="ml-auto self-center">
                  <span aria-hidden className="sm:max-lg:hidden">
                    {t(`severity.${level}`)}
                  </span>
                </SeverityBadge>
              )}
            </>
          ) : (
            <span className="self-center text-ink-3">{t("perf.unreported")}</span>
          )}
        </span>
        <span className="flex h-4 items-center gap-1.5 whitespace-nowrap text-[0.6875rem] text-ink-3">
          {reading && old ? (
            <Age time={reading.time} />
          ) : (
            reading && <Movement {...{ vital, history }} value={reading.value} />
          )}
        </span>
      </dd>
    </div>
  );
}

/** Where a value stands in the time shown. */
function Movement({ vital, history, value }: { vital: Vital; history: History; value: number }) {
  const t = useT();
  const points = history.points.get(lineKey(vital.metric, "")) ?? [];
  const [from, to] = edges(history.range.span, history.answered);
  const all = summarise(points, from, to);
  const trend = trendOf(vital, value, all?.mean);
  if (!trend || !all) return null;
  const Arrow = arrows[trend];
  const [min, max, mean] = [all.min, all.max, all.mean].map((each) => number(each, vital.decimals));
  return (
    <>
      <Arrow className="size-3.5 shrink-0" aria-hidden />
      <span className="sr-only">{t(`perf.${trend}`)}</span>
      <span>{t("perf.mean", { mean: mean ?? "" })}</span>
      <span className="truncate">
        {min}…{max}
      </span>
    </>
  );
}
