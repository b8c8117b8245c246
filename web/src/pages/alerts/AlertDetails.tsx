import type { ReactNode } from "react";
import type { Alert } from "@/api/types";
import { exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { AlertActions } from "./AlertActions";
import { ended } from "./AlertCells";
import { MomentChart } from "./MomentChart";

/** Everything that is known of an alert: who did what, and the values around the moment when it began. */
export function AlertDetails({ alert, unit, source }: { alert: Alert; unit: string; source: string }) {
  const t = useT();
  const time = (text: string | undefined) => exact(parseTime(text)).replace(/[.,]\d{3}/, "");
  return (
    <div className="grid gap-3 lg:grid-cols-[minmax(0,20rem)_minmax(0,1fr)]">
      <div className="grid content-start gap-3">
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-xs">
          <Fact name={t("alerts.fact.began")}>{time(alert.created_at)}</Fact>
          {alert.acknowledged && (
            <Fact name={t("alerts.fact.acknowledged")}>
              {t("alerts.acknowledged_by", { who: alert.acknowledged_by })}, {time(alert.acknowledged_at)}
            </Fact>
          )}
          {alert.note && <Fact name={t("alerts.fact.note")}>{alert.note}</Fact>}
          {alert.resolved && (
            <Fact name={t("alerts.fact.ended")}>
              {ended(alert, t)}, {time(alert.resolved_at)}
            </Fact>
          )}
        </dl>
        <div className={cn("flex flex-wrap gap-2", alert.acknowledged && "md:hidden")}>
          <AlertActions alert={alert} />
        </div>
      </div>
      {alert.metric === "" ? (
        <p className="self-center text-ink-3">{t("alerts.no_moment")}</p>
      ) : (
        <MomentChart alert={alert} unit={unit} source={source} />
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="text-ink-2">{children}</dd>
    </>
  );
}
