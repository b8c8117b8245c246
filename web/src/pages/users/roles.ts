import type { Role } from "@/api/types";
import { useT } from "@/i18n/translate";

const roles = ["viewer", "operator", "admin"] as const satisfies readonly Role[];

export function useRoleChoices(): (readonly [Role, string])[] {
  const t = useT();
  return roles.map((role) => [role, t(`account.role.${role}`)] as const);
}
