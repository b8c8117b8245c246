import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useEffect, useState } from "react";
import type { Alert } from "@/api/types";
import { useT } from "@/i18n/translate";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { useNotices } from "./notices";

const shownFor = { info: 8000, warning: 8000, critical: 20_000 };

/** New alerts, in a corner, for a while. They stay in the bell. */
export function Toasts() {
  const t = useT();
  const [{ toasts }, notices] = useNotices();
  return (
    <section
      aria-label={t("toast.region")}
      aria-live="polite"
      className="pointer-events-none fixed right-3 bottom-[calc(4.75rem+env(safe-area-inset-bottom))] z-40 grid w-[min(22rem,calc(100vw-1.5rem))] gap-2 md:bottom-4"
    >
      {toasts.map((alert) => (
        <Toast key={alert.id} alert={alert} onGone={() => notices.dismiss(alert.id)} />
      ))}
    </section>
  );
}

function Toast({ alert, onGone }: { alert: Alert; onGone: () => void }) {
  const t = useT();
  const [held, setHeld] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new onGone is no reason to start anew
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(onGone, shownFor[alert.severity]);
    return () => clearTimeout(timer);
  }, [held, alert.severity]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing at a toast only keeps it from going
    <div
      className="pointer-events-auto rounded-xl border border-line bg-surface p-3 shadow-float"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <div className="flex items-center gap-2">
        <SeverityBadge severity={alert.severity} />
        <span className="truncate text-ink-3 text-xs">{alert.robot_id}</span>
        <button
          type="button"
          onClick={onGone}
          aria-label={t("action.close")}
          className="-m-1 ml-auto grid size-7 place-items-center rounded-lg text-ink-3 hover:bg-sunken"
        >
          <X className="size-4" aria-hidden />
        </button>
      </div>
      <p className="mt-1.5 font-medium">{alert.title}</p>
      <Link
        to="/robots/$robot"
        params={{ robot: alert.robot_id }}
        onClick={onGone}
        className="mt-1 inline-block text-accent text-xs underline underline-offset-2"
      >
        {t("toast.show")}
      </Link>
    </div>
  );
}
