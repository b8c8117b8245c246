import { useParams } from "@tanstack/react-router";
import { useT } from "@/i18n/translate";
import { LogView } from "./LogView";

/** The log of one robot. */
export function RobotLogsPage() {
  const t = useT();
  const { robot } = useParams({ from: "/shell/robots/$robot" });
  return (
    <>
      <h2 className="sr-only">{t("logs.title")}</h2>
      <LogView robot={robot} />
    </>
  );
}
