import { ClipboardList, Package, ScanLine } from "lucide-react";
import { useT } from "@/i18n/translate";
import { type PageTab, PageTabs } from "@/parts/PageTabs";

const tabs: readonly PageTab[] = [
  { to: "/jobs", label: "jobs.title", Icon: ClipboardList },
  { to: "/jobs/items", label: "items.title", Icon: Package },
  { to: "/jobs/scans", label: "scans.title", Icon: ScanLine },
];

/** Jobs, the table of codes that robots scan, and what they scanned. */
export function JobTabs() {
  const t = useT();
  return <PageTabs label={t("jobs.views")} tabs={tabs} />;
}
