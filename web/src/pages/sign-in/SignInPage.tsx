import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError, errorText } from "@/api/error";
import { useServer } from "@/api/server";
import { session } from "@/api/session";
import { type Translate, useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { Gate } from "@/parts/Gate";
import { Notice } from "@/parts/Notice";
import { PasswordField } from "@/parts/PasswordField";
import { readNext } from "./next";

function explain(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return errorText(error);
  const known = { 401: "signin.wrong", 403: "signin.inactive", 429: "signin.throttled" } as const;
  const key = known[error.status as keyof typeof known];
  return key ? t(key) : errorText(error);
}

export function SignInPage() {
  const t = useT();
  const navigate = useNavigate();
  // Read again: what a route's validateSearch leaves out, the router passes on from the URL all the same.
  const { next } = readNext(useSearch({ from: "/sign-in" }));
  const server = useServer();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      await session.signIn(username.trim(), password);
      await navigate({ href: next ?? "/", replace: true });
    } catch (error) {
      setFault(explain(error, t));
      setPassword("");
      setBusy(false);
    }
  };

  return (
    <Gate title={t("signin.title")} intro={t("signin.tagline")}>
      <form onSubmit={submit} className="grid gap-4">
        {server.data?.setup_needed && <Notice>{t("signin.setup_needed")}</Notice>}
        {fault && (
          <Notice tone="critical" role="alert">
            {fault}
          </Notice>
        )}
        <Field
          label={t("signin.username")}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <PasswordField
          label={t("signin.password")}
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" look="primary" busy={busy} className="mt-1 h-10">
          {t("signin.submit")}
        </Button>
      </form>
    </Gate>
  );
}
