import { useSession } from "./session";
import type { Role } from "./types";

/** What the page offers by role. The server decides; this table only hides what it would refuse (user.go has the same). */
const least = {
  view: "viewer",
  handle_alerts: "operator",
  edit_rules: "operator",
  command: "operator",
  configure: "operator",
  open_terminal: "operator",
  manage_keys: "admin",
  see_camera: "viewer",
  read_logs: "viewer",
  write_logs: "operator",
  clear_logs: "admin",
  edit_items: "admin",
  break_lease: "admin",
  read_audit: "admin",
  read_reports: "viewer",
  make_reports: "operator",
  edit_robots: "operator",
  adopt_robots: "admin",
  manage_users: "admin",
  manage_system: "admin",
} as const satisfies Record<string, Role>;

export type Action = keyof typeof least;

const rank: Record<Role, number> = { viewer: 1, operator: 2, admin: 3 };

export function may(role: Role | undefined, action: Action): boolean {
  return role !== undefined && rank[role] >= rank[least[action]];
}

/** Reports whether whoever uses the page may do something. */
export function useMay(action: Action): boolean {
  const state = useSession();
  return state.status === "in" && may(state.user.role, action);
}
