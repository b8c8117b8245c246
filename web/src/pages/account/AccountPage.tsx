import { Link } from "@tanstack/react-router";
import { LogIn } from "lucide-react";
import { useId } from "react";
import { useSession } from "@/api/session";
import { useT } from "@/i18n/translate";
import { EmptyState } from "@/parts/states";
import { ApiTokens } from "./ApiTokens";
import { Appearance } from "./Appearance";
import { OwnSessions } from "./OwnSessions";
import { PasswordForm } from "./PasswordForm";

/** What belongs to whoever uses the page: password, devices, tokens for scripts, and the look of the page. */
export function AccountPage() {
  const t = useT();
  const state = useSession();
  if (state.status !== "in") return null;
  const { user, anonymous } = state;
  return (
    <div className="mx-auto grid w-full max-w-3xl grid-cols-[minmax(0,1fr)] gap-6">
      <header>
        <h1 className="font-semibold text-lg tracking-tight">{anonymous ? t("account.anonymous") : user.username}</h1>
        <p className="text-ink-2">
          {t(`account.role.${user.role}`)}
          {user.email && ` · ${user.email}`}
          {" · "}
          <Link to="/users/roles" className="text-accent underline underline-offset-2">
            {t("account.what_may_i")}
          </Link>
        </p>
      </header>
      {anonymous ? (
        <EmptyState icon={<LogIn aria-hidden />} title={t("account.anonymous_title")}>
          {t("account.anonymous_text")}{" "}
          <Link to="/sign-in" className="text-accent underline underline-offset-2">
            {t("account.sign_in")}
          </Link>
        </EmptyState>
      ) : (
        <>
          <Password />
          <OwnSessions />
          <ApiTokens />
        </>
      )}
      <Appearance />
    </div>
  );
}

function Password() {
  const t = useT();
  const id = useId();
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <h2 id={id} className="font-semibold">
        {t("account.password")}
      </h2>
      <div className="card p-4">
        <PasswordForm />
      </div>
    </section>
  );
}
