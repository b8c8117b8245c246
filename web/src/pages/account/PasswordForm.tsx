import { type FormEvent, type ReactNode, useState } from "react";
import { useChangePassword } from "@/api/users";
import { useT } from "@/i18n/translate";
import { passwordFault } from "@/pages/setup/password";
import { Button } from "@/parts/Button";
import { FormFailure } from "@/parts/FormFailure";
import { Notice } from "@/parts/Notice";
import { PasswordField } from "@/parts/PasswordField";

/** A new password for whoever uses the page. `end` stands beside the button, `done` follows the good news. */
export function PasswordForm({ end, done }: { end?: ReactNode; done?: ReactNode }) {
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
        {done}
      </div>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <FormFailure error={change.error} />
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
        {end}
        <Button type="submit" look="primary" busy={change.isPending}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}
