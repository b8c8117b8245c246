import { type FormEvent, useState } from "react";
import { errorText } from "@/api/error";
import type { Role } from "@/api/types";
import { useCreateUser } from "@/api/users";
import { type Key, useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { Notice } from "@/parts/Notice";
import { PasswordField } from "@/parts/PasswordField";
import { Segments } from "@/parts/Segments";
import { passwordFault } from "../setup/password";
import { useRoleChoices } from "./roles";

export function NewUserForm({ onDone }: { onDone: () => void }) {
  const t = useT();
  const create = useCreateUser();
  const roles = useRoleChoices();
  const [username, setUsername] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [fault, setFault] = useState<Key>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = passwordFault(password);
    setFault(found);
    if (found) return;
    create.mutate(
      { username: username.trim(), password, role, ...(email ? { email: email.trim() } : {}) },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {create.isError && (
        <Notice tone="critical" role="alert">
          {errorText(create.error)}
        </Notice>
      )}
      <Field
        label={t("signin.username")}
        autoComplete="off"
        autoCapitalize="none"
        required
        maxLength={50}
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <Field
        label={t("setup.email")}
        type="email"
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label={t("signin.password")}
        hint={t("setup.length")}
        error={fault && t(fault)}
        autoComplete="new-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Segments<Role>
        label={t("users.role")}
        value={role}
        onChange={setRole}
        choices={roles}
        className="justify-self-start"
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t("action.cancel")}</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          {t("users.add")}
        </Button>
      </div>
    </form>
  );
}
