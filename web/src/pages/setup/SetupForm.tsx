import { type FormEvent, useState } from "react";
import { errorText } from "@/api/error";
import { session } from "@/api/session";
import { type Key, useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { Notice } from "@/parts/Notice";
import { PasswordField } from "@/parts/PasswordField";
import { passwordFault } from "./password";

export function SetupForm({ token, onDone }: { token: string; onDone: () => void }) {
  const t = useT();
  const [username, setUsername] = useState("admin");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [faults, setFaults] = useState<{ password?: Key | undefined; repeat?: Key | undefined }>({});
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = {
      password: passwordFault(password),
      repeat: password === repeat ? undefined : ("setup.differ" as const),
    };
    setFaults(found);
    setFailure(undefined);
    if (found.password || found.repeat) return;
    setBusy(true);
    try {
      await session.setUp({ token, username: username.trim(), password, ...(email ? { email: email.trim() } : {}) });
      onDone();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit} className="grid gap-4">
      {failure !== undefined && (
        <Notice tone="critical" role="alert">
          {errorText(failure)}
        </Notice>
      )}
      <Field
        label={t("signin.username")}
        autoComplete="username"
        autoCapitalize="none"
        required
        maxLength={50}
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <Field
        label={t("setup.email")}
        type="email"
        autoComplete="email"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label={t("signin.password")}
        hint={t("setup.length")}
        error={faults.password && t(faults.password)}
        autoComplete="new-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <PasswordField
        label={t("setup.repeat")}
        error={faults.repeat && t(faults.repeat)}
        autoComplete="new-password"
        required
        value={repeat}
        onChange={(event) => setRepeat(event.target.value)}
      />
      <Button type="submit" look="primary" busy={busy} className="mt-1 h-10">
        {t("setup.submit")}
      </Button>
    </form>
  );
}
