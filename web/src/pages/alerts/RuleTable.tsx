import type { Rule } from "@/api/types";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { RuleRow } from "./RuleRow";

interface Props {
  title: string;
  rules: readonly Rule[];
  onEdit: (rule: Rule, title: string) => void;
  /** Begins a rule for one robot with the numbers of this one. */
  onOwn: (rule: Rule, title: string) => void;
}

/** Rules for every robot, or of one. */
export function RuleTable({ title, rules, ...acts }: Props) {
  const t = useT();
  const headings = ["rules.kind", "rules.thresholds", "rules.timing", "rules.hysteresis", "rules.enabled"] as const;
  const hidden: Partial<Record<(typeof headings)[number], string>> = {
    "rules.timing": "max-lg:hidden",
    "rules.hysteresis": "max-lg:hidden",
  };
  return (
    <section className="card overflow-x-auto">
      <h2 className="px-4 pt-3 font-semibold">{title}</h2>
      <table className="w-full text-left">
        <caption className="sr-only">{title}</caption>
        <thead className="text-ink-3 text-xs">
          <tr className="h-9">
            {headings.map((heading) => (
              <th key={heading} scope="col" className={cn("px-4 font-medium max-sm:px-2", hidden[heading])}>
                {t(heading)}
              </th>
            ))}
            <th scope="col" className="w-px max-sm:hidden">
              <span className="sr-only">{t("alerts.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <RuleRow key={rule.id} rule={rule} {...acts} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
