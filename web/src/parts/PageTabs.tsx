import { Link, type LinkProps } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
import { type Key, useT } from "@/i18n/translate";
import { useCurrentInView } from "./useCurrentInView";

export interface PageTab {
  to: LinkProps["to"];
  label: Key;
  Icon: LucideIcon;
}

/** The views of a page; each is a link, so that each has its own URL. */
export function PageTabs({ label, tabs }: { label: string; tabs: readonly PageTab[] }) {
  const t = useT();
  const row = useCurrentInView<HTMLElement>();
  return (
    <nav
      ref={row}
      aria-label={label}
      className="-mx-3 -mt-2 overflow-x-auto overflow-y-clip border-line border-b px-3 sm:-mx-5 sm:px-5"
    >
      <ul className="flex gap-1">
        {tabs.map(({ to, label: name, Icon }) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: true, includeSearch: false }}
              className="-mb-px flex h-10 items-center gap-2 whitespace-nowrap border-transparent border-b-2 px-3 font-medium text-ink-2 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-accent max-md:h-11"
            >
              <Icon className="size-4" aria-hidden />
              {t(name)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
