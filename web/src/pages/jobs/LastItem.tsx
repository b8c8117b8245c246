import { ScanLine } from "lucide-react";
import { exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { itemFacts, itemTitle } from "./lastItem";

// Robots write times as they like; the ones that say what they are get written for a person.
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The last item of a job: in one line, or with all that the robot told of it. */
export function LastItem({ item, brief = false }: { item: unknown; brief?: boolean }) {
  const t = useT();
  const facts = itemFacts(item);
  if (facts.length === 0) return brief ? null : <p className="text-ink-3">{t("jobs.no_item")}</p>;
  if (brief) {
    return (
      <p className="flex min-w-0 items-center gap-1.5 border-line border-t pt-2.5 text-ink-2 text-xs">
        <ScanLine className="size-3.5 shrink-0 text-ink-3" aria-hidden />
        <span className="text-ink-3">{t("jobs.last_item")}</span>
        <span className="truncate font-medium">{itemTitle(item)}</span>
      </p>
    );
  }
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-3">{name.replaceAll("_", " ")}</dt>
          <dd className="min-w-0 break-words font-medium">
            {ISO.test(value) ? exact(parseTime(value)).replace(/[.,]\d{3}/, "") : value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
