import { cn } from "./cn";

/** A thin bar for a share in percent. The number stands beside it. */
export function Meter({ percent, className }: { percent: number | undefined; className?: string }) {
  const tone = percent === undefined || percent < 70 ? "bg-accent" : percent < 90 ? "bg-warn" : "bg-bad";
  return (
    <span aria-hidden className={cn("block h-1.5 overflow-hidden rounded-full bg-line", className)}>
      <span
        className={cn("block h-full rounded-full", tone)}
        style={{ width: `${Math.min(100, Math.max(0, percent ?? 0))}%` }}
      />
    </span>
  );
}
