import { Zap } from "lucide-react";
import { number } from "@/format/number";
import { duration } from "@/format/time";
import { useT } from "@/i18n/translate";
import { cn } from "./cn";

interface Props {
  percent: number | undefined;
  minutes?: number | undefined;
  charging?: boolean | undefined;
  /** Leaves out the word "left", which the tooltip keeps. */
  brief?: boolean;
  className?: string;
}

// The borders of the server's default alert rule for batteries.
const tone = (percent: number) => (percent <= 15 ? "bg-bad" : percent <= 30 ? "bg-warn" : "bg-ok");

/** Charge as a picture, in percent, and as the time that is left. */
export function Battery({ percent, minutes, charging, brief = false, className }: Props) {
  const t = useT();
  const rest = charging
    ? t("battery.charging")
    : minutes === undefined
      ? undefined
      : t("battery.left", { time: duration(minutes * 60_000) });
  const short = charging ? rest : minutes !== undefined && duration(minutes * 60_000);
  return (
    <span className={cn("inline-flex min-w-0 items-center gap-1.5 whitespace-nowrap", className)}>
      <span aria-hidden className="relative h-3 w-6 shrink-0 rounded-[3px] border border-ink-3 p-px">
        {percent !== undefined && (
          <span
            className={cn("block h-full rounded-[1px]", tone(percent))}
            style={{ width: `${Math.max(6, percent)}%` }}
          />
        )}
        <span className="absolute inset-y-[3px] -right-[3px] w-0.5 rounded-r bg-ink-3" />
        {charging && <Zap className="absolute -inset-y-px left-1/2 size-3 -translate-x-1/2 fill-surface text-ink" />}
      </span>
      <span className="font-medium">{percent === undefined ? number(undefined) : `${number(percent)}%`}</span>
      {rest && (
        <span title={rest} className="truncate text-ink-3 text-xs">
          <span aria-hidden>{brief ? short : rest}</span>
          <span className="sr-only">{rest}</span>
        </span>
      )}
    </span>
  );
}
