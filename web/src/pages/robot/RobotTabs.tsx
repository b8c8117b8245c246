import { Link } from "@tanstack/react-router";
import { useT } from "@/i18n/translate";
import { useCurrentInView } from "@/parts/useCurrentInView";
import { tabs } from "@/shell/places";

/** The views inside a robot; each is a link, so that each has its own URL. */
export function RobotTabs({ robot }: { robot: string }) {
  const t = useT();
  const row = useCurrentInView<HTMLElement>();
  return (
    <nav
      ref={row}
      aria-label={t("robot.tabs")}
      className="-mx-3 overflow-x-auto border-line border-b px-3 sm:-mx-5 sm:px-5"
    >
      <ul className="flex gap-1">
        {tabs.map(({ to, label, Icon }) => (
          <li key={to}>
            <Link
              to={to}
              params={{ robot }}
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
