import { Check, Minus } from "lucide-react";
import { useMemo } from "react";
import { usePermissions } from "@/api/roles";
import { useSession } from "@/api/session";
import type { Role } from "@/api/types";
import { keyFor, type Translate, useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { ListState } from "@/parts/ListState";
import { EmptyState } from "@/parts/states";
import { useRoleChoices } from "./roles";
import { UserTabs } from "./UserTabs";

const rank: Record<Role, number> = { viewer: 1, operator: 2, admin: 3 };

const named = (action: string, t: Translate): string => {
  const key = keyFor("may", action);
  return key ? t(key) : action.replaceAll("_", " ");
};

/** The server's own table of who may do what. */
export function RolesPage() {
  const t = useT();
  const permissions = usePermissions();
  const session = useSession();
  const own = session.status === "in" ? session.user.role : undefined;
  const roles = useRoleChoices();
  // What everybody may comes first; within a role by name.
  const list = useMemo(
    () =>
      [...(permissions.data ?? [])].sort(
        (a, b) => rank[a.role] - rank[b.role] || named(a.action, t).localeCompare(named(b.action, t)),
      ),
    [permissions.data, t],
  );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h1 className="sr-only">{t("roles.title")}</h1>
      <UserTabs />
      <p className="max-w-3xl text-ink-2">{t("roles.intro")}</p>
      <ListState
        query={permissions}
        known={permissions.data !== undefined}
        empty={list.length === 0}
        nothing={<EmptyState title={t("state.none")} />}
      >
        <div className="card overflow-x-clip">
          <table className="w-full text-left">
            <caption className="sr-only">{t("roles.title")}</caption>
            <thead className="text-ink-3 text-xs">
              <tr className="h-11">
                <th scope="col" className="px-4 font-medium">
                  {t("roles.action")}
                </th>
                {roles.map(([role, name]) => (
                  <th
                    key={role}
                    scope="col"
                    className={cn(
                      "w-36 px-2 text-center font-medium max-sm:w-20 max-sm:px-0.5 max-sm:text-[0.6875rem]",
                      role === own && "text-accent",
                    )}
                  >
                    {name}
                    {role === own && <span className="block font-normal text-xs">{t("roles.yours")}</span>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.map(({ action, role: least }) => (
                <tr key={action} className="border-line border-t">
                  <th scope="row" className="px-4 py-2 font-normal">
                    {named(action, t)}
                  </th>
                  {roles.map(([role]) => (
                    <Cell key={role} allowed={rank[role] >= rank[least]} own={role === own} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </ListState>
    </div>
  );
}

function Cell({ allowed, own }: { allowed: boolean; own: boolean }) {
  const t = useT();
  const Icon = allowed ? Check : Minus;
  return (
    <td className={cn("px-2", own && "bg-accent-soft/50")}>
      <Icon className={cn("mx-auto size-4", allowed ? "text-ok" : "text-ink-3/60")} aria-hidden />
      <span className="sr-only">{t(allowed ? "roles.may" : "roles.may_not")}</span>
    </td>
  );
}
