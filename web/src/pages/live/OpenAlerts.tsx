import { CheckCircle2 } from "lucide-react";
import { useOpenAlerts } from "@/api/alerts";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { SeverityBadge } from "@/parts/SeverityBadge";

const shown = 4;

/** The robot's open alerts, worst first. */
export function OpenAlerts({ robot }: { robot: string }) {
  const t = useT();
  const { data: all = [] } = useOpenAlerts();
  const order = ["critical", "warning", "info"];
  const alerts = all
    .filter((alert) => alert.robot_id === robot)
    .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  return (
    <section aria-labelledby="open-alerts" className="card p-4">
      <h2 id="open-alerts" className="font-semibold">
        {t("live.alerts")}
        {alerts.length > 0 && <span className="ml-2 font-normal text-ink-3">{alerts.length}</span>}
      </h2>
      {alerts.length === 0 && (
        <p className="mt-2 flex items-center gap-2 text-ink-2">
          <CheckCircle2 className="size-4 text-ok" aria-hidden />
          {t("live.no_alerts")}
        </p>
      )}
      <ul className="mt-1.5 grid grid-cols-[minmax(0,1fr)] gap-1.5">
        {alerts.slice(0, shown).map((alert) => (
          <li key={alert.id} className="flex items-center gap-2">
            <SeverityBadge severity={alert.severity} />
            <span className="min-w-0 flex-1 truncate" title={alert.message}>
              {alert.title}
            </span>
            <Age time={parseTime(alert.created_at)} className="text-ink-3 text-xs" />
          </li>
        ))}
      </ul>
    </section>
  );
}
