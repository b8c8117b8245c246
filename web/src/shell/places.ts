import {
  Activity,
  BellRing,
  Bone,
  Bot,
  Camera,
  ClipboardList,
  Gamepad2,
  Gauge,
  type LucideIcon,
  Radar,
  ScrollText,
  SquareTerminal,
  UsersRound,
} from "lucide-react";
import type { Action } from "@/api/role";
import type { Key } from "@/i18n/translate";

/** An entry of the navigation. */
export interface Place {
  to: "/" | "/alerts" | "/jobs" | "/logs" | "/users";
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
