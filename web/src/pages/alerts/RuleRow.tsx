import { CopyPlus, Pencil, Trash2 } from "lucide-react";
import { errorText } from "@/api/error";
import { useMay } from "@/api/role";
import { useDeleteRule, useUpdateRule } from "@/api/rules";
import { useMetrics } from "@/api/server";
import type { Rule } from "@/api/types";
import { withUnit } from "@/format/number";
import { duration } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { cn } from "@/parts/cn";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { decimals } from "./AlertCells";
import { kindName } from "./kind";

interface Props {
  rule: Rule;
  onEdit: (rule: Rule, title: string) => void;
  onOwn: (rule: Rule, title: string) => void;
}

/** A rule in a line. */
export function RuleRow({ rule, onEdit, onOwn }: Props) {
  const t = useT();
  const edits = useMay("edit_rules");
  const { data: metrics } = useMetrics();
  const update = useUpdateRule();
  const metric = metrics?.find((each) => each.metric === rule.metric);
  const unit = rule.metric === "" ? "s" : (metric?.unit ?? "");
  const name = kindName(rule.metric_type, t);
  const sign = rule.below ? "≤" : "≥";
  const threshold = (value: number) => `${sign} ${withUnit(value, unit, decimals(value))}`;
  return (
    <tr className={cn("border-line border-t", !rule.enabled && "text-ink-3")}>
      <td className="px-4 py-2.5 max-sm:px-2">
        <p className="font-medium">{name}</p>
        <p className="text-ink-3 text-xs">
          {metric ? metric.title !== name && metric.title : t("rules.silence")}
          {rule.robot_id !== "" && ` ${t("rules.replaces")}`}
        </p>
        {edits && (
          <div className="-ml-3 flex sm:hidden">
            <Acts {...{ rule, name, onEdit, onOwn }} />
          </div>
        )}
        {update.isError && (
          <p role="alert" className="text-bad text-xs">
            {errorText(update.error)}
          </p>
        )}
      </td>
      <td className="px-4 max-sm:px-2">
        <span className="flex flex-wrap gap-x-2 gap-y-1">
          {(["warning", "critical"] as const).map((severity) => (
            <SeverityBadge
              key={severity}
              severity={severity}
              className={cn("min-w-22", !rule.enabled && "bg-transparent text-ink-3")}
            >
              {threshold(rule[`${severity}_threshold`])}
            </SeverityBadge>
          ))}
        </span>
      </td>
      <td className="whitespace-nowrap px-4 max-lg:hidden">
        {duration(rule.for_seconds * 1000)} / {duration(rule.clear_for_seconds * 1000)}
      </td>
      <td className="whitespace-nowrap px-4 max-lg:hidden">
        {withUnit(rule.hysteresis, unit, decimals(rule.hysteresis))}
      </td>
      <td className="px-4 max-sm:px-2">
        <label className="inline-flex min-h-9 items-center gap-2 text-xs">
          <input
            type="checkbox"
            aria-label={t("rules.enabled_hint", { name })}
            checked={rule.enabled}
            disabled={!edits || update.isPending}
            onChange={() => update.mutate({ id: rule.id, enabled: !rule.enabled })}
            className="size-4 accent-accent"
          />
          {t(rule.enabled ? "rules.enabled" : "rules.disabled")}
        </label>
      </td>
      <td className="px-2 max-sm:hidden">{edits && <Acts {...{ rule, name, onEdit, onOwn }} />}</td>
    </tr>
  );
}

function Acts({ rule, name, onEdit, onOwn }: Props & { name: string }) {
  const t = useT();
  const remove = useDeleteRule();
  const edit = t("rules.edit", { name });
  const own = t("rules.own", { name });
  return (
    <span className="flex justify-end gap-0.5">
      {rule.robot_id === "" && (
        <Button look="ghost" size="icon" aria-label={own} title={own} onClick={() => onOwn(rule, own)}>
          <CopyPlus aria-hidden />
        </Button>
      )}
      <Button look="ghost" size="icon" aria-label={edit} title={edit} onClick={() => onEdit(rule, edit)}>
        <Pencil aria-hidden />
      </Button>
      <ConfirmButton
        look="ghost"
        className="px-2.5"
        busy={remove.isPending}
        aria-label={t("rules.delete", { name })}
        title={t("rules.delete", { name })}
        question={t("rules.delete_confirm")}
        onConfirm={() => remove.mutate(rule.id)}
      >
        <Trash2 aria-hidden />
      </ConfirmButton>
    </span>
  );
}
