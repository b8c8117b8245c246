import { WifiOff } from "lucide-react";
import { duration } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useConnection, useNow } from "@/live/hooks";

/** Says that the server is away, and since when. Short gaps are not worth a word. */
export function ConnectionBanner() {
  const t = useT();
  const { phase, lostAt } = useConnection();
  const now = useNow();
  if (phase === "open" || lostAt === undefined || now - lostAt < 2000) return null;
  return (
    <div
      role="status"
      className="sticky top-14 z-20 flex items-center gap-2.5 border-warn/35 border-b bg-warn-soft px-4 py-2 text-ink sm:px-5"
    >
      <WifiOff className="size-4 shrink-0 text-warn" aria-hidden />
      <span>{t("live.banner", { age: duration(now - lostAt) })}</span>
    </div>
  );
}
