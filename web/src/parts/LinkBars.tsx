import { linkBars, linkQuality } from "@/format/link";
import { withUnit } from "@/format/number";
import { useT } from "@/i18n/translate";
import { cn } from "./cn";

interface Props {
  signal: number | undefined;
  roundTrip: number | undefined;
  className?: string;
}

/** Link quality as four bars; signal and round trip are in the tooltip. */
export function LinkBars({ signal, roundTrip, className }: Props) {
  const t = useT();
  const quality = linkQuality(signal, roundTrip);
  const filled = linkBars(quality);
  const word = t(`link.${quality}`);
  const facts = [withUnit(signal, "dBm"), withUnit(roundTrip, "ms")].join(" · ");
  return (
    <span title={`${word} (${facts})`} className={cn("inline-flex items-end gap-0.5", className)}>
      {[1, 2, 3, 4].map((bar) => (
        <span
          key={bar}
          aria-hidden
          style={{ height: `${bar * 3 + 1}px` }}
          className={cn(
            "w-1 rounded-[1px]",
            bar <= filled ? (filled === 1 ? "bg-warn" : "bg-ink-2") : "bg-line-strong",
          )}
        />
      ))}
      <span className="sr-only">{word}</span>
    </span>
  );
}
