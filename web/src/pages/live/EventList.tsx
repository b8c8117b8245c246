import { Bell, CheckCircle2, Eye, ListChecks, type LucideIcon, Plug, ScrollText } from "lucide-react";
import { useMemo } from "react";
import { useRecentAlerts } from "@/api/alerts";
import { useT } from "@/i18n/translate";
import { useEvents } from "@/live/hooks";
import { Age } from "@/parts/Age";
import { cn } from "@/parts/cn";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { type EventLine, eventLines } from "./events";

const signs: Record<EventLine["kind"], LucideIcon> = {
  alert: Bell,
  resolved: CheckCircle2,
  connection: Plug,
  job: ListChecks,
  log: ScrollText,
  detections: Eye,
};

/** What happened to the robot, newest first. */
export function EventList({ robot, className }: { robot: string; className?: string }) {
  const t = useT();
  const { data: alerts = [] } = useRecentAlerts(robot);
  const events = useEvents(robot);
  const lines = useMemo(() => eventLines(alerts, events, t), [alerts, events, t]);
  return (
    <section aria-labelledby="events" className={cn("card flex min-h-48 flex-col overflow-hidden", className)}>
      <h2 id="events" className="px-4 pt-4 pb-2 font-semibold">
        {t("live.events")}
      </h2>
      {lines.length === 0 && <p className="px-4 pb-4 text-ink-3">{t("live.no_events")}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <ul tabIndex={0} aria-labelledby="events" className="max-h-80 flex-1 overflow-y-auto px-2 pb-2">
        {lines.map((line) => (
          <Line key={line.key} line={line} />
        ))}
      </ul>
    </section>
  );
}

function Line({ line }: { line: EventLine }) {
  const Icon = signs[line.kind];
  return (
    <li className="flex items-center gap-2.5 rounded-lg px-2 py-1.5">
      <Icon className={cn("size-4 shrink-0", line.kind === "resolved" ? "text-ok" : "text-ink-3")} aria-hidden />
      <span className="min-w-0 flex-1 truncate" title={line.text}>
        {line.text}
      </span>
      {line.severity && <SeverityBadge severity={line.severity} className="max-sm:hidden" />}
      <Age time={line.time} className="w-20 shrink-0 text-right text-ink-3 text-xs" />
    </li>
  );
}
