import {
  Activity,
  BellRing,
  Bone,
  Bot,
  Camera,
  Clapperboard,
  ClipboardList,
  FileClock,
  Gamepad2,
  Gauge,
  Grid2x2Check,
  type LucideIcon,
  Package,
  Radar,
  ScanLine,
  ScrollText,
  Settings2,
  SlidersHorizontal,
  SquareTerminal,
  Ticket,
  UserRoundCog,
  UsersRound,
} from "lucide-react";
import type { Action } from "@/api/role";
import type { Key } from "@/i18n/translate";

/** An entry of the navigation. */
export interface Place<To = "/" | "/alerts" | "/jobs" | "/logs" | "/users"> {
  to: To;
  label: Key;
  Icon: LucideIcon;
  needs: Action;
}

/** The main navigation. A view gets its entry when it exists. */
export const places: readonly Place[] = [
  { to: "/", label: "nav.fleet", Icon: Bot, needs: "view" },
  { to: "/alerts", label: "nav.alerts", Icon: BellRing, needs: "view" },
  { to: "/jobs", label: "nav.jobs", Icon: ClipboardList, needs: "view" },
  { to: "/logs", label: "nav.logs", Icon: ScrollText, needs: "read_logs" },
  { to: "/users", label: "nav.users", Icon: UsersRound, needs: "manage_users" },
];

/** Views behind those of the navigation, for the palette. */
export const furtherPlaces: readonly Place<
  | "/alerts/rules"
  | "/jobs/items"
  | "/jobs/scans"
  | "/robots"
  | "/robots/tokens"
  | "/users/roles"
  | "/audit"
  | "/audit/recordings"
  | "/account"
>[] = [
  { to: "/alerts/rules", label: "alerts.rules", Icon: SlidersHorizontal, needs: "view" },
  { to: "/jobs/items", label: "items.title", Icon: Package, needs: "view" },
  { to: "/jobs/scans", label: "scans.title", Icon: ScanLine, needs: "view" },
  { to: "/robots", label: "robots.palette", Icon: Settings2, needs: "edit_robots" },
  { to: "/robots/tokens", label: "join.title", Icon: Ticket, needs: "adopt_robots" },
  { to: "/users/roles", label: "roles.title", Icon: Grid2x2Check, needs: "view" },
  { to: "/audit", label: "audit.title", Icon: FileClock, needs: "read_audit" },
  { to: "/audit/recordings", label: "recordings.title", Icon: Clapperboard, needs: "manage_keys" },
  { to: "/account", label: "account.open", Icon: UserRoundCog, needs: "view" },
];

/** A view inside a robot. */
export interface Tab {
  to: `/robots/$robot${"" | "/performance" | "/sensors" | "/servos" | "/camera" | "/control" | "/terminal" | "/jobs" | "/alerts" | "/logs"}`;
  label: Key;
  Icon: LucideIcon;
}

export const tabs: readonly Tab[] = [
  { to: "/robots/$robot", label: "tab.live", Icon: Activity },
  { to: "/robots/$robot/performance", label: "tab.performance", Icon: Gauge },
  { to: "/robots/$robot/sensors", label: "tab.sensors", Icon: Radar },
  { to: "/robots/$robot/servos", label: "tab.servos", Icon: Bone },
  { to: "/robots/$robot/camera", label: "tab.camera", Icon: Camera },
  { to: "/robots/$robot/control", label: "tab.control", Icon: Gamepad2 },
  { to: "/robots/$robot/terminal", label: "tab.terminal", Icon: SquareTerminal },
  { to: "/robots/$robot/jobs", label: "tab.jobs", Icon: ClipboardList },
  { to: "/robots/$robot/alerts", label: "tab.alerts", Icon: BellRing },
  { to: "/robots/$robot/logs", label: "tab.logs", Icon: ScrollText },
];
