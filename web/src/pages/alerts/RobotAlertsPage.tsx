import { Link, useParams } from "@tanstack/react-router";
import { SlidersHorizontal } from "lucide-react";
import { useT } from "@/i18n/translate";
import { AlertList } from "./AlertList";

/** The alerts of one robot. */
export function RobotAlertsPage() {
  const t = useT();
  const { robot } = useParams({ from: "/shell/robots/$robot" });
  return (
    <div className="grid gap-4">
      <h2 className="sr-only">{t("alerts.title")}</h2>
      <AlertList robot={robot} />
      <Link
        to="/alerts/rules"
        search={{ robot }}
        className="inline-flex h-9 items-center gap-2 justify-self-start text-accent underline-offset-2 hover:underline"
      >
        <SlidersHorizontal className="size-4" aria-hidden />
        {t("alerts.rules_of_robot")}
      </Link>
    </div>
  );
}
