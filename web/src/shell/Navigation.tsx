import { Link, useNavigate } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { useOpenAlerts } from "@/api/alerts";
import { may } from "@/api/role";
import { useSession } from "@/api/session";
import { useT } from "@/i18n/translate";
import { Logo } from "@/parts/Logo";
import { Menu, MenuItem } from "@/parts/Menu";
import { type Place, places } from "./places";
import { StopBlock } from "./StopControl";

function usePlaces(): readonly Place[] {
  const state = useSession();
  return state.status === "in" ? places.filter((place) => may(state.user.role, place.needs)) : [];
}

/** How many open alerts stand beside an entry. */
function Count({ place }: { place: Place }) {
  const t = useT();
  const { data } = useOpenAlerts();
  if (place.label !== "nav.alerts" || !data?.length) return null;
  return (
    <span className="rounded-full bg-bad px-1.5 py-px text-center font-semibold text-[0.6875rem] text-surface leading-4 md:max-xl:absolute md:max-xl:top-0.5 md:max-xl:right-0.5 max-md:absolute max-md:top-1 max-md:left-[calc(50%+0.25rem)] xl:ml-auto">
      <span aria-hidden>{data.length > 99 ? "99+" : data.length}</span>
      <span className="sr-only">{t("nav.open_alerts", { n: data.length })}</span>
    </span>
  );
}

/** Navigation beside the page: words on wide screens, signs on middle ones. */
export function SideNav() {
  const t = useT();
  return (
    <nav
      aria-label={t("nav.main")}
      className="sticky top-0 flex h-dvh w-15 shrink-0 flex-col gap-1 border-line border-r bg-surface px-2 py-3 max-md:hidden xl:w-48"
    >
      <Link
        to="/"
        aria-label="TonyPi"
        className="mb-3 flex items-center gap-2.5 rounded-lg px-1.5 font-semibold text-base"
      >
        <Logo className="shrink-0" />
        <span className="max-xl:sr-only">TonyPi</span>
      </Link>
      {usePlaces().map((place) => (
        <Link
          key={place.to}
          to={place.to}
          activeOptions={{ exact: place.to === "/", includeSearch: false }}
          title={t(place.label)}
          className="relative flex h-10 items-center gap-3 rounded-lg px-3 font-medium text-ink-2 hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent"
        >
          <place.Icon className="size-4.5 shrink-0" aria-hidden />
          <span className="max-xl:sr-only">{t(place.label)}</span>
          <Count place={place} />
        </Link>
      ))}
    </nav>
  );
}

// The bar of a phone has room for so many entries beside the stop; the rest is behind "More".
const shownOnPhone = 4;

const entry =
  "relative flex h-16 min-w-0 flex-1 flex-col items-center justify-center gap-1 font-medium text-[0.6875rem] text-ink-2 aria-[current=page]:text-accent";

/** Navigation within reach of the thumb on a phone, with the stop beside it. */
export function BottomNav() {
  const t = useT();
  const navigate = useNavigate();
  const all = usePlaces();
  const fits = all.length <= shownOnPhone ? all : all.slice(0, shownOnPhone - 1);
  const rest = all.slice(fits.length);
  return (
    <div className="shaded fixed inset-x-0 bottom-0 z-45 flex border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden">
      <nav aria-label={t("nav.main")} className="flex min-w-0 flex-1">
        {fits.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            activeOptions={{ exact: place.to === "/", includeSearch: false }}
            className={entry}
          >
            <place.Icon className="size-5" aria-hidden />
            <span className="max-w-full truncate">{t(place.label)}</span>
            <Count place={place} />
          </Link>
        ))}
        {rest.length > 0 && (
          <Menu
            label={t("nav.more")}
            trigger={
              <button type="button" className={entry}>
                <Ellipsis className="size-5" aria-hidden />
                {t("nav.more")}
              </button>
            }
          >
            {rest.map((place) => (
              <MenuItem key={place.to} onSelect={() => void navigate({ to: place.to })}>
                <place.Icon aria-hidden />
                {t(place.label)}
              </MenuItem>
            ))}
          </Menu>
        )}
      </nav>
      <StopBlock />
    </div>
  );
}
