import { Activity, BellRing, Bone, Bot, Gauge, type LucideIcon, Radar, UsersRound } from "lucide-react";
import type { Action } from "@/api/role";
import type { Key } from "@/i18n/translate";

/** An entry of the navigation. */
export interface Place {
  to: "/" | "/alerts" | "/users";
  label: Key;
  Icon: LucideIcon;
  needs: Action;
}

/** The main navigation. A view gets its entry when it exists. */
export const places: readonly Place[] = [
  { to: "/", label: "nav.fleet", Icon: Bot, needs: "view" },
  { to: "/alerts", label: "nav.alerts", Icon: BellRing, needs: "view" },
  { to: "/users", label: "nav.users", Icon: UsersRound, needs: "manage_users" },
];

/** A view inside a robot. */
export interface Tab {
  to: `/robots/$robot${"" | "/performance" | "/sensors" | "/servos" | "/alerts"}`;
  label: Key;
  Icon: LucideIcon;
}

export const tabs: readonly Tab[] = [
  { to: "/robots/$robot", label: "tab.live", Icon: Activity },
  { to: "/robots/$robot/performance", label: "tab.performance", Icon: Gauge },
  { to: "/robots/$robot/sensors", label: "tab.sensors", Icon: Radar },
  { to: "/robots/$robot/servos", label: "tab.servos", Icon: Bone },
  { to: "/robots/$robot/alerts", label: "tab.alerts", Icon: BellRing },
];
