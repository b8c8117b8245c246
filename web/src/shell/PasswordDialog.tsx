import { type FormEvent, useState } from "react";
import { errorText } from "@/api/error";
import { useChangePassword } from "@/api/users";
import { useT } from "@/i18n/translate";
import { passwordFault } from "@/pages/setup/password";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Notice } from "@/parts/Notice";
import { PasswordField } from "@/parts/PasswordField";

export function PasswordDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useT();
  return (
    <Dialog open={open} onClose={onClose} title={t("account.password")}>
      <PasswordForm onClose={onClose} />
    </Dialog>
  );
}

function PasswordForm({ onClose }: { onClose: () => void }) {
  const t = useT();
  const change = useChangePassword();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [fault, setFault] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = passwordFault(next);
    setFault(found && t(found));
    if (!found) change.mutate({ current_password: current, new_password: next });
  };
  if (change.isSuccess) {
    return (
      <div className="grid gap-4">
        <Notice tone="ok" role="status">
          {t("account.changed")}
        </Notice>
        <Button onClick={onClose}>{t("action.close")}</Button>
      </div>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      {change.isError && (
        <Notice tone="critical" role="alert">
          {errorText(change.error)}
        </Notice>
      )}
      <PasswordField
        label={t("account.current")}
        autoComplete="current-password"
        required
        value={current}
        onChange={(e) => setCurrent(e.target.value)}
      />
      <PasswordField
        label={t("account.new")}
        hint={t("setup.length")}
        error={fault}
        autoComplete="new-password"
        required
        value={next}
        onChange={(e) => setNext(e.target.value)}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t("action.cancel")}</Button>
        <Button type="submit" look="primary" busy={change.isPending}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}
