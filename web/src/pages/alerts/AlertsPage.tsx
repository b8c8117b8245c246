import { useT } from "@/i18n/translate";
import { AlertList } from "./AlertList";
import { AlertTabs } from "./AlertTabs";

/** The alerts of every robot. */
export function AlertsPage() {
  const t = useT();
  return (
    <div className="grid gap-4">
      <h1 className="sr-only">{t("alerts.title")}</h1>
      <AlertTabs />
      <AlertList />
    </div>
  );
}
