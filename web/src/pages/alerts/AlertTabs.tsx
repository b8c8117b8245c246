import { Link } from "@tanstack/react-router";
import { BellRing, SlidersHorizontal } from "lucide-react";
import { useT } from "@/i18n/translate";

const tabs = [
  { to: "/alerts", label: "alerts.title", Icon: BellRing },
  { to: "/alerts/rules", label: "alerts.rules", Icon: SlidersHorizontal },
] as const;

/** Alerts and the rules that raise them. */
export function AlertTabs() {
  const t = useT();
  return (
    <nav aria-label={t("alerts.views")} className="-mx-3 -mt-2 border-line border-b px-3 sm:-mx-5 sm:px-5">
      <ul className="flex gap-1">
        {tabs.map(({ to, label, Icon }) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: true, includeSearch: false }}
              className="-mb-px flex h-10 items-center gap-2 whitespace-nowrap border-transparent border-b-2 px-3 font-medium text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-accent max-md:h-11"
            >
              <Icon className="size-4" aria-hidden />
              {t(label)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
