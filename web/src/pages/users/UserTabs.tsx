import { Clapperboard, FileClock, Grid2x2Check, UsersRound } from "lucide-react";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { type PageTab, PageTabs } from "@/parts/PageTabs";

const forAll: readonly PageTab[] = [{ to: "/users/roles", label: "roles.title", Icon: Grid2x2Check }];
const forAdmins: readonly PageTab[] = [
  { to: "/users", label: "users.title", Icon: UsersRound },
  ...forAll,
  { to: "/audit", label: "audit.title", Icon: FileClock },
  { to: "/audit/recordings", label: "recordings.title", Icon: Clapperboard },
];

/** People, what they may do, and what they did. */
export function UserTabs() {
  const t = useT();
  const manages = useMay("manage_users");
  return <PageTabs label={t("users.views")} tabs={manages ? forAdmins : forAll} />;
}
