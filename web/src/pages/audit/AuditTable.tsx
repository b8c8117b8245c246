import { ChevronDown, CircleCheck, CircleX } from "lucide-react";
import { useId, useState } from "react";
import type { AuditEntry } from "@/api/types";
import { noValue } from "@/format/number";
import { exact, parseTime } from "@/format/time";
import { keyFor, useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { CopyText } from "@/parts/CopyText";
import { cn } from "@/parts/cn";
import { RobotLink } from "@/parts/RobotLink";
import { actionName } from "./action";

// IDs tell a person nothing; they stand in the details.
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Audit entries as a table; those that have more to tell can be opened. */
export function AuditTable({ entries }: { entries: readonly AuditEntry[] }) {
  const t = useT();
  return (
    <div className="card overflow-x-clip">
      <table className="w-full text-left">
        <caption className="sr-only">{t("audit.title")}</caption>
        <thead className="text-ink-3 text-xs">
          <tr className="h-10 [&>th]:px-4 [&>th]:font-medium">
            <th scope="col" className="w-28 max-sm:hidden">
              {t("audit.when")}
            </th>
            <th scope="col" className="w-44 max-md:hidden">
              {t("audit.who")}
            </th>
            <th scope="col">{t("audit.what")}</th>
            <th scope="col" className="w-36 max-lg:hidden">
              {t("alerts.robot")}
            </th>
            <th scope="col" className="w-36 max-xl:hidden">
              {t("audit.where")}
            </th>
            <th scope="col" className="w-32 max-sm:w-10">
              <span className="max-sm:sr-only">{t("audit.outcome")}</span>
            </th>
            <th scope="col" className="w-12">
              <span className="sr-only">{t("alerts.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Row key={entry.id} entry={entry} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
  const t = useT();
  const id = useId();
  const [open, setOpen] = useState(false);
  const when = parseTime(entry.timestamp);
  const name = actionName(entry.action, t);
  const role = keyFor("account.role", entry.role);
  const target = UUID.test(entry.target) || entry.target === entry.robot_id ? "" : entry.target;
  const details = entry.details === undefined ? "" : JSON.stringify(entry.details, null, 2);
  const Outcome = entry.ok ? CircleCheck : CircleX;
  return (
    <>
      <tr className="border-line border-t hover:bg-sunken [&>td]:px-4 [&>td]:py-2.5">
        <td className="text-ink-2 max-sm:hidden">
          <Age time={when} />
        </td>
        <td className="max-md:hidden">
          <p className="truncate font-medium">{entry.user || noValue}</p>
          {role && <p className="text-ink-3 text-xs">{t(role)}</p>}
        </td>
        <td className="min-w-0">
          <p className="font-medium">
            {name}
            {target && <span className="ml-2 break-all font-normal text-ink-2">{target}</span>}
          </p>
          {entry.message && <p className="break-words text-ink-3 text-xs">{entry.message}</p>}
          <p className="flex flex-wrap gap-x-3 text-ink-3 text-xs lg:hidden">
            <span className="md:hidden">{entry.user}</span>
            <Age time={when} className="sm:hidden" />
            {entry.robot_id && <RobotLink robot={entry.robot_id} />}
          </p>
        </td>
        <td className="max-lg:hidden">{entry.robot_id ? <RobotLink robot={entry.robot_id} /> : noValue}</td>
        <td className="text-ink-2 max-xl:hidden">{entry.address || noValue}</td>
        <td className="max-sm:px-0!">
          <span className={cn("inline-flex items-center gap-1.5 text-xs", entry.ok ? "text-ink-2" : "text-bad")}>
            <Outcome className={cn("size-4 shrink-0", entry.ok && "text-ok")} aria-hidden />
            <span className="max-sm:sr-only">{t(entry.ok ? "audit.ok" : "audit.not_ok")}</span>
          </span>
        </td>
        <td className="px-1!">
          <button
            type="button"
            aria-expanded={open}
            aria-controls={id}
            aria-label={t("audit.details", { what: name })}
            onClick={() => setOpen(!open)}
            className="grid size-9 place-items-center rounded-lg text-ink-3 hover:bg-surface hover:text-ink max-md:size-11"
          >
            <ChevronDown className={cn("size-4 transition-transform", open && "rotate-180")} aria-hidden />
          </button>
        </td>
      </tr>
      {open && (
        <tr id={id}>
          <td colSpan={7} className="bg-sunken/60 px-4 py-3">
            <dl className="mb-2 flex flex-wrap gap-x-6 gap-y-1 text-xs">
              <Fact name={t("audit.when")} value={exact(when)} />
              <Fact name={t("audit.who")} value={entry.user} />
              <Fact name={t("audit.where")} value={entry.address} />
              <Fact name={t("audit.action")} value={entry.action} />
              <Fact name={t("audit.target")} value={entry.target} />
            </dl>
            {details && details !== "{}" && <CopyText text={details} />}
          </td>
        </tr>
      )}
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex gap-1.5">
      <dt className="text-ink-3">{name}</dt>
      <dd className="break-all font-medium">{value || noValue}</dd>
    </div>
  );
}
