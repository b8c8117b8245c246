import { useEffect, useRef } from "react";
import { useStopLatency } from "@/api/stops";
import { milliseconds, noValue, number } from "@/format/number";
import { clock, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { cn } from "@/parts/cn";
import { ErrorState, Skeleton } from "@/parts/states";

const shown = 60;

/** How fast this robot's stops were, from the click to the standing body. */
export function StopLatency({ robot, stopped }: { robot: string; stopped: boolean }) {
  const t = useT();
  const { data, error, isPending, refetch } = useStopLatency(robot);
  const known = useRef(stopped);
  useEffect(() => {
    if (known.current !== stopped) void refetch();
    known.current = stopped;
  }, [stopped, refetch]);
  const some = data && data.count + data.unconfirmed > 0;
  return (
    <section aria-labelledby="latency" className="card grid content-start gap-3 p-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="latency" className="font-semibold">
          {t("latency.title")}
        </h2>
        {some && <p className="text-ink-3 text-xs">{t("latency.count", { n: data.count + data.unconfirmed })}</p>}
      </div>
      {isPending && <Skeleton className="h-24" />}
      {error && !data ? <ErrorState error={error} retry={() => void refetch()} /> : null}
      {!isPending && !error && !some && <p className="text-ink-3">{t("latency.none")}</p>}
      {some && (
        <>
          <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
            <Figure name={t("latency.median")} value={data.count > 0 ? milliseconds(data.p50_ms) : noValue} />
            <Figure name={t("latency.p99")} value={data.count > 0 ? milliseconds(data.p99_ms) : noValue} />
            <Figure name={t("latency.max")} value={data.count > 0 ? milliseconds(data.max_ms) : noValue} />
            <Figure name={t("latency.unconfirmed")} value={number(data.unconfirmed)} bad={data.unconfirmed > 0} />
          </dl>
          <Bars points={data.points.slice(0, shown).toReversed()} />
        </>
      )}
    </section>
  );
}

function Figure({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div>
      <dt className="text-ink-3 text-xs">{name}</dt>
      <dd className={cn("font-semibold text-lg leading-6", bad && "text-bad")}>{value}</dd>
    </div>
  );
}

interface Point {
  time: string;
  latency_ms?: number;
  by: string;
}

function Bars({ points }: { points: readonly Point[] }) {
  const t = useT();
  const now = useNow();
  const top = Math.max(100, ...points.map((point) => point.latency_ms ?? 0));
  return (
    <figure className="grid gap-1">
      <ul className="flex h-20 items-end gap-0.5 border-line border-b" aria-label={t("latency.chart")}>
        {points.map((point) => {
          const { latency_ms: latency } = point;
          const text = t("latency.point", {
            time: clock(parseTime(point.time), now),
            latency: latency === undefined ? t("latency.unconfirmed") : milliseconds(latency),
            by: point.by,
          });
          return (
            <li
              key={`${point.time} ${latency}`}
              title={text}
              style={{ height: latency === undefined ? "100%" : `${Math.max(4, (latency / top) * 100)}%` }}
              className={cn("min-w-0.5 max-w-4 flex-1 rounded-t-sm", latency === undefined ? "bg-bad" : "bg-accent")}
            >
              <span className="sr-only">{text}</span>
            </li>
          );
        })}
      </ul>
      <figcaption className="flex justify-between text-ink-3 text-xs">
        <span>{t("latency.chart")}</span>
        <span className="whitespace-nowrap pl-3">{milliseconds(top)}</span>
      </figcaption>
    </figure>
  );
}
