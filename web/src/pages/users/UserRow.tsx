import { EllipsisVertical, KeyRound, MonitorSmartphone, Trash2, UserCheck, UserX } from "lucide-react";
import { useState } from "react";
import { errorText } from "@/api/error";
import { useSession } from "@/api/session";
import type { Role, User } from "@/api/types";
import { useDeleteUser, useUpdateUser } from "@/api/users";
import { exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { cn } from "@/parts/cn";
import { Dialog } from "@/parts/Dialog";
import { Menu, MenuItem, MenuSeparator } from "@/parts/Menu";
import { Notice } from "@/parts/Notice";
import { Select } from "@/parts/Select";
import { ResetForm } from "./ResetForm";
import { useRoleChoices } from "./roles";
import { SessionsOf } from "./SessionsOf";

/** One person: role, whether they may sign in, and what an administrator can do. */
export function UserRow({ user }: { user: User }) {
  const t = useT();
  const session = useSession();
  const update = useUpdateUser();
  const remove = useDeleteUser();
  const roles = useRoleChoices();
  const [open, setOpen] = useState<"reset" | "sessions" | "delete">();
  const close = () => setOpen(undefined);
  const own = session.status === "in" && session.user.id === user.id;
  const failure = update.error ?? remove.error;
  const trigger = (
    <Button look="ghost" size="icon" aria-label={t("users.actions", { user: user.username })}>
      <EllipsisVertical aria-hidden />
    </Button>
  );
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-24 flex-1">
        <p className={cn("font-medium", !user.is_active && "text-ink-3 line-through")}>
          {user.username}
          {own && <span className="ml-2 font-normal text-ink-3">({t("users.you")})</span>}
        </p>
        <p className="truncate text-ink-3 text-xs" title={exact(parseTime(user.created_at))}>
          {user.email || t(user.is_active ? "users.active" : "users.inactive")}
        </p>
      </div>
      <Select<Role>
        label={t("users.role")}
        value={user.role}
        onChange={(role) => update.mutate({ id: user.id, role })}
        choices={roles}
      />
      <Menu trigger={trigger}>
        <MenuItem onSelect={() => setOpen("reset")}>
          <KeyRound aria-hidden />
          {t("users.reset")}
        </MenuItem>
        <MenuItem onSelect={() => setOpen("sessions")}>
          <MonitorSmartphone aria-hidden />
          {t("users.sessions")}
        </MenuItem>
        <MenuItem onSelect={() => update.mutate({ id: user.id, is_active: !user.is_active })}>
          {user.is_active ? <UserX aria-hidden /> : <UserCheck aria-hidden />}
          {t(user.is_active ? "users.disable" : "users.enable")}
        </MenuItem>
        {!own && (
          <>
            <MenuSeparator />
            <MenuItem danger onSelect={() => setOpen("delete")}>
              <Trash2 aria-hidden />
              {t("users.delete")}
            </MenuItem>
          </>
        )}
      </Menu>
      {failure && (
        <Notice tone="critical" role="alert" className="w-full">
          {errorText(failure)}
        </Notice>
      )}
      <Dialog open={open === "reset"} onClose={close} title={t("users.reset")} description={user.username}>
        <ResetForm user={user} onDone={close} />
      </Dialog>
      <Dialog open={open === "sessions"} onClose={close} title={t("users.sessions")} description={user.username}>
        <SessionsOf user={user} onDone={close} />
      </Dialog>
      <Dialog open={open === "delete"} onClose={close} title={t("users.delete")} description={user.username}>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t("action.cancel")}</Button>
          <ConfirmButton onConfirm={() => remove.mutate(user.id, { onSettled: close })} busy={remove.isPending}>
            {t("users.delete")}
          </ConfirmButton>
        </div>
      </Dialog>
    </li>
  );
}
