import { type FormEvent, useState } from "react";
import { errorText } from "@/api/error";
import type { User } from "@/api/types";
import { useUpdateUser } from "@/api/users";
import { type Key, useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { PasswordField } from "@/parts/PasswordField";
import { passwordFault } from "../setup/password";

/** A new password for somebody; it ends their sessions. */
export function ResetForm({ user, onDone }: { user: User; onDone: () => void }) {
  const t = useT();
  const update = useUpdateUser();
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<Key>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = passwordFault(password);
    setFault(found);
    if (!found) update.mutate({ id: user.id, password }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {update.isError && (
        <Notice tone="critical" role="alert">
          {errorText(update.error)}
        </Notice>
      )}
      <PasswordField
        label={t("account.new")}
        hint={t("setup.length")}
        error={fault && t(fault)}
        autoComplete="new-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t("action.cancel")}</Button>
        <Button type="submit" look="primary" busy={update.isPending}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}
