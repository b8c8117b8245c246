import type { NewRule } from "@/api/rules";
import type { Rule } from "@/api/types";
import type { Key } from "@/i18n/translate";
import { readNumber } from "@/pages/alerts/ruleForm";

/** The metrics whose thresholds people set for one robot most; the rules page has all. */
export const quickMetrics = ["battery_percent", "cpu_temperature", "servo_temperature"] as const;

/** A threshold as it is being written. */
export interface Threshold {
  /** The rule that judges the robot now: its own, or the one for all robots. */
  rule: Rule;
  own: boolean;
  warning: string;
  critical: string;
}

/** The thresholds of a robot, from the rules that judge it. Metrics without a rule are left out. */
export function thresholdsOf(rules: readonly Rule[], robot: string): Threshold[] {
  return quickMetrics.flatMap((metric) => {
    const about = rules.filter((rule) => rule.metric === metric);
    const rule = about.find((each) => each.robot_id === robot) ?? about.find((each) => each.robot_id === "");
    if (!rule) return [];
    return [
      {
        rule,
        own: rule.robot_id === robot,
        warning: String(rule.warning_threshold),
        critical: String(rule.critical_threshold),
      },
    ];
  });
}

/** What makes no sense in a threshold, if anything. */
export function fault({ rule, warning, critical }: Threshold): Key | undefined {
  const warn = readNumber(warning);
  const crit = readNumber(critical);
  if (warn === undefined || crit === undefined) return "rules.error.number";
  if (rule.below && crit > warn) return "rules.error.critical_below";
  return !rule.below && crit < warn ? "rules.error.critical_above" : undefined;
}

export function changed({ rule, warning, critical }: Threshold): boolean {
  return readNumber(warning) !== rule.warning_threshold || readNumber(critical) !== rule.critical_threshold;
}

/** The robot's own rule: as the one that judges it now, with the new thresholds. */
export function ownRule({ rule, warning, critical }: Threshold, robot: string): NewRule {
  return {
    metric_type: rule.metric_type,
    metric: rule.metric,
    robot_id: robot,
    warning_threshold: readNumber(warning) ?? rule.warning_threshold,
    critical_threshold: readNumber(critical) ?? rule.critical_threshold,
    below: rule.below,
    for_seconds: rule.for_seconds,
    clear_for_seconds: rule.clear_for_seconds,
    hysteresis: rule.hysteresis,
    enabled: rule.enabled,
  };
}
