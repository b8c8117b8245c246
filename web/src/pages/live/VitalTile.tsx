import { noValue, number } from "@/format/number";
import { useT } from "@/i18n/translate";
import { useNow, useReadings, useTrail } from "@/live/hooks";
import type { Reading } from "@/live/readings";
import { Age } from "@/parts/Age";
import { cn } from "@/parts/cn";
import { Sparkline } from "@/parts/Sparkline";
import { sourceName } from "./source";
import type { Vital } from "./vitals";

// A value that is older than this is no longer "now".
const staleAfter = 5000;

function pick(readings: readonly Reading[], how: Vital["pick"]): Reading | undefined {
  if (how !== "highest") return readings[0];
  return readings.reduce<Reading | undefined>(
    (best, each) => (best && best.value >= each.value ? best : each),
    undefined,
  );
}

/** One value with its last ten minutes. It keeps its place and size whatever it shows. */
export function VitalTile({ robot, original, vital }: { robot: string; original: boolean; vital: Vital }) {
  const t = useT();
  const now = useNow();
  const reading = pick(useReadings(robot, vital.metric), vital.pick);
  const trail = useTrail(robot, vital.metric, reading?.source);
  const old = reading !== undefined && now - reading.time > staleAfter;
  const text = number(reading?.value, vital.decimals ?? 0);
  return (
    <div className="card flex min-w-0 flex-col gap-1 p-3">
      <dt className="flex items-center gap-1.5 text-ink-2 text-xs">
        <vital.Icon className="size-3.5 shrink-0 text-ink-3" aria-hidden />
        <span className="truncate">{t(vital.label)}</span>
      </dt>
      <dd className="contents">
        <span className={cn("flex items-baseline gap-1 whitespace-nowrap", old && "stale")}>
          <span className="font-semibold text-xl leading-7">{text}</span>
          {text !== noValue && <span className="text-ink-3 text-xs">{vital.unit}</span>}
        </span>
        <span className="flex h-4 items-center gap-2 text-[0.6875rem] text-ink-3">
          {reading && vital.pick && <span className="truncate">{sourceName(reading.source, original, t)}</span>}
          {reading ? old && <Age time={reading.time} className="ml-auto" /> : t("state.none")}
        </span>
        <Sparkline
          trail={trail}
          from={vital.from}
          to={vital.to}
          span={vital.span}
          className={old ? "opacity-50 grayscale" : undefined}
        />
      </dd>
    </div>
  );
}
