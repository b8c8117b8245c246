import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useServer } from "@/api/server";
import { useT } from "@/i18n/translate";
import { Gate } from "@/parts/Gate";
import { Notice } from "@/parts/Notice";
import { SetupForm } from "./SetupForm";

const fromFragment = (): string => new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

/** The first start: the one-time token stands in the fragment, which browsers send nowhere. */
export function SetupPage() {
  const t = useT();
  const navigate = useNavigate();
  const server = useServer();
  const [token] = useState(fromFragment);
  useEffect(() => {
    // Out of the address bar and the history, where somebody else may read it.
    if (location.hash) history.replaceState(history.state, "", location.pathname);
  }, []);
  const done = server.data?.setup_needed === false;
  return (
    <Gate title={t("setup.title")} intro={t("setup.intro")}>
      {done && (
        <div className="grid gap-4">
          <Notice>{t("setup.done")}</Notice>
          <Link to="/sign-in" className="text-center text-accent underline underline-offset-2">
            {t("signin.submit")}
          </Link>
        </div>
      )}
      {!done && !token && <Notice tone="warning">{t("setup.no_token")}</Notice>}
      {!done && token && <SetupForm token={token} onDone={() => void navigate({ to: "/", replace: true })} />}
    </Gate>
  );
}
