import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";
import type { Rule } from "./types";

export type NewRule = components["schemas"]["NewRule"];
export type RuleChange = components["schemas"]["RuleChange"];

/** Every rule: the global ones, then those of robots. */
export function useAllRules() {
  return useQuery({
    queryKey: keys.rules,
    queryFn: () => unwrap(api.GET("/api/v1/alerts/thresholds")),
    staleTime: 30_000,
  });
}

/** The rules that judge a robot: its own, and the global ones of other types. */
export function rulesFor(rules: readonly Rule[], robot: string): Rule[] {
  const own = rules.filter((rule) => rule.robot_id === robot && robot !== "");
  const types = new Set(own.map((rule) => rule.metric_type));
  return [...own, ...rules.filter((rule) => rule.robot_id === "" && !types.has(rule.metric_type))];
}

export function useRules(robot: string) {
  const rules = useAllRules();
  const data = useMemo(() => rules.data && rulesFor(rules.data, robot), [rules.data, robot]);
  return { ...rules, data };
}

export type Level = "calm" | "warning" | "critical";

const leastSupply = 7; // V

/** At or below this a value is no measurement: the server does not judge it either (credible in alert/rules.go). */
function floor(rule: Rule): number {
  if (rule.metric === "servo_voltage") return rule.warning_threshold > leastSupply ? leastSupply : 0;
  return rule.metric.endsWith("_temperature") ? 0 : Number.NEGATIVE_INFINITY;
}

/** How bad a value is by itself, as the server judges it. The worst of the rules about the metric counts. */
export function judge(rules: readonly Rule[], metric: string, value: number | undefined): Level {
  if (value === undefined) return "calm";
  const over = (rule: Rule, threshold: number) => (rule.below ? value <= threshold : value >= threshold);
  const judging = rules.filter((rule) => rule.enabled && rule.metric === metric && value > floor(rule));
  if (judging.some((rule) => over(rule, rule.critical_threshold))) return "critical";
  return judging.some((rule) => over(rule, rule.warning_threshold)) ? "warning" : "calm";
}

function useRuleMutation<T, R>(mutationFn: (variables: T) => Promise<R>) {
  const cache = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => cache.invalidateQueries({ queryKey: keys.rules }) });
}

/** Creates a rule, or replaces the one of the same robot and type. */
export const useSaveRule = () =>
  useRuleMutation((body: NewRule) => unwrap(api.POST("/api/v1/alerts/thresholds", { body })));

export const useUpdateRule = () =>
  useRuleMutation(({ id, ...body }: RuleChange & { id: number }) =>
    unwrap(api.PUT("/api/v1/alerts/thresholds/{id}", { params: { path: { id } }, body })),
  );

export const useDeleteRule = () =>
  useRuleMutation((id: number) => unwrap(api.DELETE("/api/v1/alerts/thresholds/{id}", { params: { path: { id } } })));

/** Creates the global default rules that are missing. */
export const useRestoreRules = () =>
  useRuleMutation((_: undefined) => unwrap(api.POST("/api/v1/alerts/thresholds/init-defaults")));
