import type { NewRule } from "@/api/rules";
import type { Rule } from "@/api/types";
import type { Key } from "@/i18n/translate";

/** The type of the built-in rule about robots that fall silent; its thresholds are seconds without data. */
export const silence = "offline";

/** A rule as it is being written: numbers are text until they are sent. */
export interface RuleForm {
  type: string;
  metric: string;
  robot: string;
  below: boolean;
  warning: string;
  critical: string;
  seconds: string;
  clearSeconds: string;
  hysteresis: string;
  enabled: boolean;
}

export const emptyForm: RuleForm = {
  type: "",
  metric: "",
  robot: "",
  below: false,
  warning: "",
  critical: "",
  seconds: "5",
  clearSeconds: "10",
  hysteresis: "0",
  enabled: true,
};

export function toForm(rule: Rule): RuleForm {
  return {
    type: rule.metric_type,
    metric: rule.metric,
    robot: rule.robot_id,
    below: rule.below,
    warning: String(rule.warning_threshold),
    critical: String(rule.critical_threshold),
    seconds: String(rule.for_seconds),
    clearSeconds: String(rule.clear_for_seconds),
    hysteresis: String(rule.hysteresis),
    enabled: rule.enabled,
  };
}

export type RuleErrors = Partial<Record<keyof RuleForm, Key>>;

/** Reads a number as people write it: a comma is a point. */
export function readNumber(text: string): number | undefined {
  const written = text.trim().replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(written) ? Number(written) : undefined;
}

const longest = 86_400;

/** Says what makes no sense, by field. The server has the last word; this only answers sooner. */
export function check(form: RuleForm): RuleErrors {
  const errors: RuleErrors = {};
  const type = form.type.trim();
  if (type.length < 1 || type.length > 50) errors.type = "rules.error.kind";
  if (form.metric === "" && type !== silence) errors.metric = "rules.error.metric";
  const warning = readNumber(form.warning);
  const critical = readNumber(form.critical);
  if (warning === undefined) errors.warning = "rules.error.number";
  if (critical === undefined) errors.critical = "rules.error.number";
  if (warning !== undefined && critical !== undefined) {
    if (form.below && critical > warning) errors.critical = "rules.error.critical_below";
    if (!form.below && critical < warning) errors.critical = "rules.error.critical_above";
  }
  for (const field of ["seconds", "clearSeconds"] as const) {
    const value = readNumber(form[field]);
    if (value === undefined) errors[field] = "rules.error.number";
    else if (value < 0 || value > longest) errors[field] = "rules.error.seconds";
  }
  const hysteresis = readNumber(form.hysteresis);
  if (hysteresis === undefined) errors.hysteresis = "rules.error.number";
  else if (hysteresis < 0) errors.hysteresis = "rules.error.hysteresis";
  return errors;
}

/** What is sent. The form must have passed check. */
export function toBody(form: RuleForm): NewRule {
  const type = form.type.trim();
  return {
    metric_type: type,
    metric: type === silence ? "" : form.metric,
    robot_id: form.robot,
    warning_threshold: readNumber(form.warning) ?? 0,
    critical_threshold: readNumber(form.critical) ?? 0,
    below: type !== silence && form.below,
    for_seconds: readNumber(form.seconds) ?? 0,
    clear_for_seconds: readNumber(form.clearSeconds) ?? 0,
    hysteresis: readNumber(form.hysteresis) ?? 0,
    enabled: form.enabled,
  };
}
