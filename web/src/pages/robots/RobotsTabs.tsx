import { Bot, Ticket } from "lucide-react";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { type PageTab, PageTabs } from "@/parts/PageTabs";

const forAll: readonly PageTab[] = [{ to: "/robots", label: "robots.title", Icon: Bot }];
const forAdmins: readonly PageTab[] = [...forAll, { to: "/robots/tokens", label: "join.title", Icon: Ticket }];

/** Robots and the tokens by which new ones join. */
export function RobotsTabs() {
  const t = useT();
  const adopts = useMay("adopt_robots");
  return <PageTabs label={t("robots.views")} tabs={adopts ? forAdmins : forAll} />;
}
