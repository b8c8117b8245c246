import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useAllRules, useDeleteRule, useSaveRule } from "@/api/rules";
import { useMetrics } from "@/api/server";
import type { Rule, Summary } from "@/api/types";
import { useT } from "@/i18n/translate";
import { kindName } from "@/pages/alerts/kind";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { FormEnd } from "@/parts/FormEnd";
import { FormFailure } from "@/parts/FormFailure";
import { ErrorState, Skeleton } from "@/parts/states";
import { changed, fault, ownRule, type Threshold, thresholdsOf } from "./thresholds";

/** When battery and temperatures of one robot raise an alert. */
export function Thresholds({ robot, onDone }: { robot: Summary; onDone: () => void }) {
  const rules = useAllRules();
  if (rules.isPending) return <Skeleton className="h-48" />;
  if (!rules.data) return <ErrorState error={rules.error} retry={() => void rules.refetch()} />;
  return <Form robot={robot.robot_id} rules={rules.data} onDone={onDone} />;
}

function Form({ robot, rules, onDone }: { robot: string; rules: readonly Rule[]; onDone: () => void }) {
  const t = useT();
  const save = useSaveRule();
  const remove = useDeleteRule();
  const [list, setList] = useState(() => thresholdsOf(rules, robot));
  const [tried, setTried] = useState(false);
  const change = (at: number, next: Threshold) => setList(list.map((each, i) => (i === at ? next : each)));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (list.some(fault)) return;
    for (const threshold of list.filter(changed)) await save.mutateAsync(ownRule(threshold, robot));
    onDone();
  };
  return (
    <form onSubmit={(event) => void submit(event).catch(() => undefined)} className="grid gap-4">
      <FormFailure error={save.error ?? remove.error} />
      {list.map((threshold, i) => (
        <Fields
          key={threshold.rule.metric}
          threshold={threshold}
          tried={tried}
          onChange={(next) => change(i, next)}
          onReset={() => remove.mutate(threshold.rule.id, { onSuccess: onDone })}
          resetting={remove.isPending}
        />
      ))}
      <Link
        to="/alerts/rules"
        search={{ robot }}
        className="justify-self-start text-accent text-sm underline underline-offset-2"
      >
        {t("robots.all_rules")}
      </Link>
      <FormEnd onCancel={onDone} busy={save.isPending}>
        {t("action.save")}
      </FormEnd>
    </form>
  );
}

interface FieldsProps {
  threshold: Threshold;
  tried: boolean;
  onChange: (next: Threshold) => void;
  onReset: () => void;
  resetting: boolean;
}

function Fields({ threshold, tried, onChange, onReset, resetting }: FieldsProps) {
  const t = useT();
  const { data: metrics = [] } = useMetrics();
  const { rule, own } = threshold;
  const unit = metrics.find((each) => each.metric === rule.metric)?.unit ?? "";
  const wrong = tried ? fault(threshold) : undefined;
  return (
    <fieldset className="grid gap-2 border-line border-b pb-4">
      <legend className="flex w-full items-center gap-2 pb-2 font-medium">
        {kindName(rule.metric_type, t)}
        <span className="font-normal text-ink-3 text-xs">{t(own ? "robots.own_rule" : "robots.global_rule")}</span>
      </legend>
      <div className="grid grid-cols-2 gap-3">
        <Field
          label={`${t("severity.warning")} ${rule.below ? "≤" : "≥"} (${unit})`}
          inputMode="decimal"
          value={threshold.warning}
          onChange={(event) => onChange({ ...threshold, warning: event.target.value })}
        />
        <Field
          label={`${t("severity.critical")} ${rule.below ? "≤" : "≥"} (${unit})`}
          inputMode="decimal"
          error={wrong && t(wrong)}
          value={threshold.critical}
          onChange={(event) => onChange({ ...threshold, critical: event.target.value })}
        />
      </div>
      {own && (
        <Button size="small" look="ghost" className="justify-self-start" onClick={onReset} busy={resetting}>
          {t("robots.like_all")}
        </Button>
      )}
    </fieldset>
  );
}
