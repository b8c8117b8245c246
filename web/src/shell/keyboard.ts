import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import type { Key } from "@/i18n/translate";
import { preferences, setPreferences } from "@/preferences";
import { show } from "./overlay";
import { places } from "./places";
import { meansStop, stopModifier, useOpenRobot, useStop } from "./stop";

/** Keys pressed together, or those pressed one after another. */
type Keys = string | readonly string[];

/** Keys (any of them) and what they do, as the list of keys shows them. */
export const shortcuts: readonly (readonly [keys: readonly Keys[], what: Key])[] = [
  [["F8", "Pause", `${stopModifier()} .`], "keys.stop"],
  [["⌘K", "Ctrl K"], "keys.palette"],
  [["?"], "keys.help"],
  [["/"], "keys.search"],
  [[["g", "f"]], "keys.fleet"],
  [[["g", "a"]], "keys.alerts"],
  [[["g", "j"]], "keys.jobs"],
  [[["g", "l"]], "keys.logs"],
  [["d"], "keys.theme"],
];

/** Turns light into dark and back, from what is seen now. */
export function switchTheme(): void {
  const dark = document.documentElement.dataset.theme === "dark";
  setPreferences({ ...preferences(), theme: dark ? "light" : "dark" });
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Where the key after "g" leads. */
const goTo: Readonly<Record<string, Key>> = { f: "nav.fleet", a: "nav.alerts", j: "nav.jobs", l: "nav.logs" };

const pairWithin = 1000;

/** Listens to the keys of the page. Single keys do nothing while somebody types. */
export function useShortcuts(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let goSince = 0;
    const press = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        show("palette");
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target)) return;
      const going = event.timeStamp - goSince < pairWithin;
      goSince = event.key === "g" ? event.timeStamp : 0;
      const place = places.find(({ label }) => going && label === goTo[event.key]);
      if (place) void navigate({ to: place.to });
      else if (event.key === "?") show("keys");
      else if (event.key === "d") switchTheme();
      else if (event.key === "/") focusSearch(event);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [navigate]);
}

/** Listens to the keys that stop, wherever the focus is. They come before every other listener. */
export function useStopKeys(): void {
  const stop = useStop();
  const robot = useOpenRobot();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!meansStop(event)) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) stop?.(robot);
    };
    window.addEventListener("keydown", press, { capture: true });
    return () => window.removeEventListener("keydown", press, { capture: true });
  }, [stop, robot]);
}

function focusSearch(event: KeyboardEvent): void {
  const search = document.querySelector<HTMLInputElement>('#content input[type="search"]');
  if (!search) return;
  event.preventDefault();
  search.focus();
}
