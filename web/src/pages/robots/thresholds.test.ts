import { expect, it } from "vitest";
import type { Rule } from "@/api/types";
import { changed, fault, ownRule, type Threshold, thresholdsOf } from "./thresholds";

const rule = (id: number, change: Partial<Rule>): Rule => ({
  id,
  robot_id: "",
  metric_type: "battery",
  metric: "battery_percent",
  warning_threshold: 30,
  critical_threshold: 15,
  below: true,
  for_seconds: 5,
  clear_for_seconds: 10,
  hysteresis: 2,
  enabled: true,
  created_at: "",
  updated_at: "",
  ...change,
});

const hot = { metric_type: "servo_temp", metric: "servo_temperature", below: false };
const rules = [
  rule(1, {}),
  rule(2, { ...hot, warning_threshold: 50, critical_threshold: 70 }),
  rule(3, { ...hot, robot_id: "r1", warning_threshold: 45, critical_threshold: 60 }),
];

it("shows a robot's own thresholds, or those of all robots", () => {
  expect(thresholdsOf(rules, "r1").map(({ rule: { id }, own, warning }) => [id, own, warning])).toEqual([
    [1, false, "30"],
    [3, true, "45"],
  ]);
  expect(thresholdsOf(rules, "r2").map(({ rule: { id } }) => id)).toEqual([1, 2]);
});

it.each([
  [{ warning: "25", critical: "10" }, undefined, true],
  [{ warning: "30", critical: "15,0" }, undefined, false],
  [{ warning: "10", critical: "25" }, "rules.error.critical_below", true],
  [{ warning: "", critical: "15" }, "rules.error.number", true],
])("judges %j", (written, wrong, differs) => {
  const threshold: Threshold = { rule: rule(1, {}), own: false, ...written };
  expect([fault(threshold), changed(threshold)]).toEqual([wrong, differs]);
});

it("makes the robot's own rule from the one for all", () => {
  const body = ownRule({ rule: rule(1, {}), own: false, warning: "25", critical: "10,5" }, "r1");
  expect(body).toMatchObject({
    robot_id: "r1",
    metric_type: "battery",
    warning_threshold: 25,
    critical_threshold: 10.5,
  });
  expect(body).toMatchObject({ below: true, hysteresis: 2, for_seconds: 5 });
});
