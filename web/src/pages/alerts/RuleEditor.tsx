import { type FormEvent, useState } from "react";
import { errorText } from "@/api/error";
import { useFleet } from "@/api/robots";
import { useSaveRule, useUpdateRule } from "@/api/rules";
import { useMetrics } from "@/api/server";
import type { Rule } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import { Field } from "@/parts/Field";
import { Notice } from "@/parts/Notice";
import { Segments } from "@/parts/Segments";
import { check, type RuleForm, silence, toBody } from "./ruleForm";

interface Props {
  start: RuleForm;
  /** The rule that is changed; a new one is made when left out. */
  rule?: Rule | undefined;
  onDone: () => void;
}

/** Writes a rule. What the server refuses it says in its own words. */
export function RuleEditor({ start, rule, onDone }: Props) {
  const t = useT();
  const { data: metrics = [] } = useMetrics();
  const { data: fleet = [] } = useFleet();
  const save = useSaveRule();
  const update = useUpdateRule();
  const [form, setForm] = useState(start);
  const [tried, setTried] = useState(false);
  const errors = tried ? check(form) : {};
  const set = (change: Partial<RuleForm>) => setForm((before) => ({ ...before, ...change }));
  const silent = form.type.trim() === silence;
  const unit = silent ? "s" : (metrics.find((each) => each.metric === form.metric)?.unit ?? "");
  const failure = save.error ?? update.error;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(check(form)).length > 0) return;
    const body = toBody(form);
    if (!rule) return save.mutate(body, { onSuccess: onDone });
    const { metric_type: _, robot_id: __, ...change } = body;
    update.mutate({ id: rule.id, ...change }, { onSuccess: onDone });
  };
  const numeric = (field: "warning" | "critical" | "seconds" | "clearSeconds" | "hysteresis") => {
    const error = errors[field];
    return {
      className: "content-start",
      inputMode: "decimal" as const,
      value: form[field],
      error: error && t(error),
      onChange: (event: { target: { value: string } }) => set({ [field]: event.target.value }),
    };
  };
  const withUnit = (label: string) => (unit ? `${label} (${unit})` : label);
  return (
    <form onSubmit={submit} noValidate className="grid gap-4">
      {failure && (
        <Notice tone="critical" role="alert">
          {errorText(failure)}
        </Notice>
      )}
      <Field
        label={t("rules.kind")}
        hint={t("rules.kind_hint")}
        error={errors.type && t(errors.type)}
        disabled={rule !== undefined}
        maxLength={50}
        value={form.type}
        onChange={(event) => set({ type: event.target.value })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Choice
          label={t("rules.metric")}
          disabled={silent}
          error={errors.metric && t(errors.metric)}
          value={silent ? "" : form.metric}
          onChange={(metric) => set({ metric })}
          choices={[
            ["", silent ? t("rules.silence") : t("rules.choose")],
            ...metrics.map((each) => [each.metric, each.unit ? `${each.title} (${each.unit})` : each.title] as const),
          ]}
        />
        <Choice
          label={t("rules.robot")}
          disabled={rule !== undefined}
          value={form.robot}
          onChange={(robot) => set({ robot })}
          choices={[["", t("rules.global")], ...robotChoices(fleet, form.robot)]}
        />
      </div>
      {!silent && (
        <div className="flex items-center gap-3">
          <span aria-hidden className="font-medium text-ink-2 text-xs">
            {t("rules.direction")}
          </span>
          <Segments<"above" | "below">
            label={t("rules.direction")}
            value={form.below ? "below" : "above"}
            onChange={(next) => set({ below: next === "below" })}
            choices={[
              ["above", t("rules.above")],
              ["below", t("rules.below")],
            ]}
          />
        </div>
      )}
      <div className="grid grid-cols-2 gap-4">
        <Field label={withUnit(t("rules.warning"))} {...numeric("warning")} />
        <Field label={withUnit(t("rules.critical"))} {...numeric("critical")} />
      </div>
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label={t("rules.for")} hint={t("rules.for_hint")} {...numeric("seconds")} />
        <Field label={t("rules.clear_for")} hint={t("rules.clear_for_hint")} {...numeric("clearSeconds")} />
        <Field label={withUnit(t("rules.hysteresis"))} hint={t("rules.hysteresis_hint")} {...numeric("hysteresis")} />
      </div>
      <div className="flex items-center gap-2">
        <label className="mr-auto inline-flex min-h-9 items-center gap-2">
          <input
            type="checkbox"
            checked={form.enabled}
            onChange={(event) => set({ enabled: event.target.checked })}
            className="size-4 accent-accent"
          />
          {t("rules.enabled")}
        </label>
        <Button onClick={onDone}>{t("action.cancel")}</Button>
        <Button type="submit" look="primary" busy={save.isPending || update.isPending}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}

type Pair = readonly [string, string];

function robotChoices(fleet: readonly { robot_id: string; name: string }[], chosen: string): Pair[] {
  const known = fleet.map(({ robot_id, name }): Pair => [robot_id, name || robot_id]);
  return chosen === "" || known.some(([id]) => id === chosen) ? known : [...known, [chosen, chosen]];
}
