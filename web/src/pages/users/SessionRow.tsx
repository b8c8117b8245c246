import { Laptop, MonitorSmartphone } from "lucide-react";
import type { ReactNode } from "react";
import type { SessionInfo } from "@/api/types";
import { exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { deviceName } from "./device";

/** One device on which somebody is signed in, with what may be done about it. */
export function SessionRow({ session, children }: { session: SessionInfo; children?: ReactNode }) {
  const t = useT();
  const device = deviceName(session.agent);
  const Icon = device.phone ? MonitorSmartphone : Laptop;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <Icon className="size-5 shrink-0 text-ink-3" aria-hidden />
      <div className="min-w-40 flex-1">
        <p className="font-medium" title={session.agent}>
          {device.name || t("sessions.unknown")}
          {session.current && (
            <span className="ml-2 rounded-md bg-ok-soft px-1.5 py-0.5 font-medium text-ok text-xs">
              {t("sessions.current")}
            </span>
          )}
        </p>
        <p className="flex flex-wrap gap-x-3 text-ink-3 text-xs">
          <span>{session.address}</span>
          <span>
            {t("sessions.used")} <Age time={parseTime(session.used_at)} />
          </span>
          <span title={exact(parseTime(session.expires_at))}>
            {t("sessions.since")} <Age time={parseTime(session.created_at)} />
          </span>
        </p>
      </div>
      {children}
    </li>
  );
}
