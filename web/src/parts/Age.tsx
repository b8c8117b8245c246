import { age, exact } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/clock";
import { cn } from "./cn";

/** How long ago something was, counting on by itself; the exact time is in the tooltip. */
export function Age({ time, className }: { time: number | undefined; className?: string }) {
  const t = useT();
  const now = useNow();
  return (
    <time
      dateTime={time === undefined ? undefined : new Date(time).toISOString()}
      title={exact(time)}
      className={cn("whitespace-nowrap", className)}
    >
      {age(time, now, t)}
    </time>
  );
}
