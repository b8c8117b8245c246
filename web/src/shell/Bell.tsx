import { Link } from "@tanstack/react-router";
import { Bell as BellIcon } from "lucide-react";
import { Popover } from "radix-ui";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { Button } from "@/parts/Button";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { useNotices } from "./notices";

/** The bell counts alerts that came and were not looked at; opening it is looking. */
export function Bell() {
  const t = useT();
  const [{ alerts, unseen }, notices] = useNotices();
  const label = unseen > 0 ? `${t("bell.title")}: ${t("bell.unseen", { n: unseen })}` : t("bell.title");
  return (
    <Popover.Root onOpenChange={(open) => open && notices.seen()}>
      <Popover.Trigger asChild>
        <Button look="ghost" size="icon" aria-label={label} className="relative">
          <BellIcon aria-hidden />
          {unseen > 0 && (
            <span
              aria-hidden
              className="absolute top-0.5 right-0.5 min-w-4 rounded-full bg-bad px-1 text-center font-semibold text-[0.625rem] text-surface leading-4"
            >
              {unseen}
            </span>
          )}
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label={t("bell.title")}
          className="z-50 max-h-[70vh] w-[min(24rem,calc(100vw-1rem))] overflow-y-auto rounded-xl border border-line bg-surface p-1.5 shadow-float"
        >
          <p className="px-2.5 py-2 font-semibold">{t("bell.title")}</p>
          {alerts.length === 0 && <p className="px-2.5 pb-3 text-ink-3">{t("bell.empty")}</p>}
          <ul>
            {alerts.map((alert) => (
              <li key={alert.id}>
                <Popover.Close asChild>
                  <Link
                    to="/robots/$robot"
                    params={{ robot: alert.robot_id }}
                    className="grid gap-1 rounded-lg px-2.5 py-2 hover:bg-sunken"
                  >
                    <span className="flex items-center gap-2">
                      <SeverityBadge severity={alert.severity} />
                      <span className="truncate text-ink-3 text-xs">{alert.robot_id}</span>
                      <Age time={parseTime(alert.updated_at)} className="ml-auto text-ink-3 text-xs" />
                    </span>
                    <span>{alert.title}</span>
                  </Link>
                </Popover.Close>
              </li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
