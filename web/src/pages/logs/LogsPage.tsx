import { useT } from "@/i18n/translate";
import { LogView } from "./LogView";

/** The log of every robot and of the server itself. */
export function LogsPage() {
  const t = useT();
  return (
    <>
      <h1 className="sr-only">{t("logs.title")}</h1>
      <LogView />
    </>
  );
}
