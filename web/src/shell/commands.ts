import type { NavigateOptions } from "@tanstack/react-router";
import { Keyboard, KeyRound, LogOut, type LucideIcon, OctagonX, SunMoon } from "lucide-react";
import { may } from "@/api/role";
import { type SessionState, session } from "@/api/session";
import type { Summary } from "@/api/types";
import type { Translate } from "@/i18n/translate";
import { switchTheme } from "./keyboard";
import { show } from "./overlay";
import { furtherPlaces, places } from "./places";

/** Something that the palette can do: go somewhere or run. */
export interface Command {
  id: string;
  group: "palette.robots" | "palette.pages" | "palette.actions";
  text: string;
  hint: string;
  Icon: LucideIcon | undefined;
  go?: NavigateOptions;
  run?: () => void;
}

/** Everything that whoever uses the page can go to or do. */
export function allCommands(
  state: SessionState,
  fleet: readonly Summary[],
  t: Translate,
  stop?: (robot: string) => void,
  open = "",
): Command[] {
  if (state.status !== "in") return [];
  const pages = [...places, ...furtherPlaces]
    .filter((place) => may(state.user.role, place.needs))
    .map(
      ({ to, label, Icon }): Command => ({
        id: to,
        group: "palette.pages",
        text: t(label),
        hint: "",
        Icon,
        go: { to },
      }),
    );
  const robots = fleet.map(
    (robot): Command => ({
      id: `robot ${robot.robot_id}`,
      group: "palette.robots",
      text: robot.name || robot.robot_id,
      hint:
        robot.name === robot.robot_id ? robot.location : [robot.robot_id, robot.location].filter(Boolean).join(" · "),
      Icon: undefined,
      go: { to: "/robots/$robot", params: { robot: robot.robot_id } },
    }),
  );
  const action = (text: string, Icon: LucideIcon, run: () => void): Command => ({
    id: text,
    group: "palette.actions",
    text,
    hint: "",
    Icon,
    run,
  });
  const actions = [action(t("keys.theme"), SunMoon, switchTheme), action(t("keys.help"), Keyboard, () => show("keys"))];
  if (stop) {
    actions.unshift(action(t("stop.all_robots"), OctagonX, () => stop("")));
    const robot = fleet.find((each) => each.robot_id === open);
    if (robot) actions.unshift(action(t("stop.one", { robot: robot.name || open }), OctagonX, () => stop(open)));
  }
  if (!state.anonymous) {
    actions.push(
      action(t("account.password"), KeyRound, () => show("password")),
      action(t("account.sign_out"), LogOut, () => void session.signOut().catch(() => undefined)),
    );
  }
  return [...pages, ...robots, ...actions];
}

const shownAtOnce = 30;

/** Picks the commands that have every word of the query in their text; those that begin with it come first. */
export function matching(commands: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = commands.filter((command) => {
    const text = `${command.text} ${command.hint}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const first = words[0];
  const early = (command: Command) => (first && command.text.toLowerCase().startsWith(first) ? 0 : 1);
  const order = ["palette.pages", "palette.robots", "palette.actions"];
  return fits
    .sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group) || early(a) - early(b))
    .filter(
      (command, i, all) =>
        command.group !== "palette.robots" || i < shownAtOnce + all.findIndex((c) => c.group === "palette.robots"),
    );
}
