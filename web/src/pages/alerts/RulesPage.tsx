import { useSearch } from "@tanstack/react-router";
import { Plus, ShieldOff } from "lucide-react";
import { useMemo, useState } from "react";
import { errorText } from "@/api/error";
import { useFleet } from "@/api/robots";
import { useMay } from "@/api/role";
import { useAllRules, useRestoreRules } from "@/api/rules";
import type { Rule } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Notice } from "@/parts/Notice";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";
import { AlertTabs } from "./AlertTabs";
import { RuleEditor } from "./RuleEditor";
import { RuleTable } from "./RuleTable";
import { emptyForm, type RuleForm, toForm } from "./ruleForm";

/** What is being written: a changed rule, or a new one. */
interface Writing {
  title: string;
  start: RuleForm;
  rule?: Rule;
}

/** The rules that raise alerts: those for every robot, then those of single robots. */
export function RulesPage() {
  const t = useT();
  const edits = useMay("edit_rules");
  const rules = useAllRules();
  const { data: fleet = [] } = useFleet();
  const { robot } = useSearch({ from: "/shell/alerts/rules" });
  const [writing, setWriting] = useState<Writing>();
  const groups = useMemo(() => grouped(rules.data ?? [], robot), [rules.data, robot]);
  const nameOf = (id: string) => fleet.find((each) => each.robot_id === id)?.name || id;
  const create = () => setWriting({ title: t("rules.new"), start: { ...emptyForm, robot: robot ?? "" } });
  return (
    <div className="grid gap-4">
      <h1 className="sr-only">{t("rules.title")}</h1>
      <AlertTabs />
      <div className="flex flex-wrap items-start gap-3">
        <p className="max-w-3xl flex-1 basis-80 text-ink-2">{t("rules.intro")}</p>
        {edits && (
          <div className="ml-auto flex flex-wrap gap-2">
            <Restore />
            <Button look="primary" onClick={create}>
              <Plus aria-hidden />
              {t("rules.new")}
            </Button>
          </div>
        )}
      </div>
      {!edits && <Notice>{t("rules.viewer")}</Notice>}
      {rules.isPending && <Skeleton className="h-80" />}
      {rules.isError && !rules.data && <ErrorState error={rules.error} retry={() => void rules.refetch()} />}
      {rules.data?.length === 0 && (
        <EmptyState icon={<ShieldOff aria-hidden />} title={t("rules.none")}>
          {t("rules.none_text")}
        </EmptyState>
      )}
      {groups.map(([id, list]) => (
        <RuleTable
          key={id}
          title={id === "" ? t("rules.global") : t("rules.of_robot", { robot: nameOf(id) })}
          rules={list}
          onEdit={(rule, title) => setWriting({ title, start: toForm(rule), rule })}
          onOwn={(rule, title) =>
            setWriting({ title, start: { ...toForm(rule), robot: robot ?? fleet[0]?.robot_id ?? "" } })
          }
        />
      ))}
      <Dialog open={writing !== undefined} onClose={() => setWriting(undefined)} title={writing?.title ?? ""}>
        {writing && <RuleEditor start={writing.start} rule={writing.rule} onDone={() => setWriting(undefined)} />}
      </Dialog>
    </div>
  );
}

/** The global rules, then each robot's; the robot that the URL names comes first of the robots. */
function grouped(rules: readonly Rule[], robot: string | undefined): [string, Rule[]][] {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) groups.set(rule.robot_id, [...(groups.get(rule.robot_id) ?? []), rule]);
  const place = (id: string) => (id === "" ? 0 : id === robot ? 1 : 2);
  return [...groups].sort(([a], [b]) => place(a) - place(b) || a.localeCompare(b, "en", { numeric: true }));
}

function Restore() {
  const t = useT();
  const restore = useRestoreRules();
  return (
    <div className="grid gap-1">
      <Button onClick={() => restore.mutate(undefined)} busy={restore.isPending}>
        {t("rules.restore")}
      </Button>
      <p role="status" className="text-ink-2 text-xs empty:hidden">
        {restore.isError && errorText(restore.error)}
        {restore.data &&
          (restore.data.count > 0 ? t("rules.restored", { n: restore.data.count }) : t("rules.nothing_missing"))}
      </p>
    </div>
  );
}
