import { useMay } from "@/api/role";
import { useUsers } from "@/api/users";
import { useT } from "@/i18n/translate";
import { ErrorState } from "@/parts/states";

export function UsersPage() {
  const t = useT();
  const allowed = useMay("manage_users");
  const users = useUsers(allowed);
  if (!allowed) return <p className="text-ink-2">{t("state.forbidden")}</p>;
  if (users.isError) return <ErrorState error={users.error} retry={() => void users.refetch()} />;
  return <h1 className="font-semibold text-lg">{t("users.title")}</h1>;
}
