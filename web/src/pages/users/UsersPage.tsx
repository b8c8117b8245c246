import { ShieldX, UserPlus } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/api/role";
import { useUsers } from "@/api/users";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";
import { NewUserForm } from "./NewUserForm";
import { UserRow } from "./UserRow";
import { UserTabs } from "./UserTabs";

/** Who may use the page, and as what. */
export function UsersPage() {
  const t = useT();
  const allowed = useMay("manage_users");
  const users = useUsers(allowed);
  const [adding, setAdding] = useState(false);
  if (!allowed) return <EmptyState icon={<ShieldX aria-hidden />} title={t("state.forbidden")} />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <UserTabs />
      <div className="flex items-center">
        <h1 className="font-semibold text-lg tracking-tight">{t("users.title")}</h1>
        <Button look="primary" className="ml-auto" onClick={() => setAdding(true)}>
          <UserPlus aria-hidden />
          {t("users.add")}
        </Button>
      </div>
      {users.isPending && <Skeleton className="h-40" />}
      {users.isError && <ErrorState error={users.error} retry={() => void users.refetch()} />}
      {users.data?.length === 0 && <EmptyState title={t("users.none")}>{t("users.none_text")}</EmptyState>}
      {users.data && users.data.length > 0 && (
        <ul className="card divide-y divide-line">
          {users.data.map((user) => (
            <UserRow key={user.id} user={user} />
          ))}
        </ul>
      )}
      <Dialog open={adding} onClose={() => setAdding(false)} title={t("users.add")}>
        <NewUserForm onDone={() => setAdding(false)} />
      </Dialog>
    </div>
  );
}
