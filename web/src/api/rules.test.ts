import { describe, expect, it } from "vitest";
import { judge, rulesFor } from "./rules";
import type { Rule } from "./types";

const rule = (change: Partial<Rule>): Rule => ({
  id: 1,
  metric_type: "cpu",
  metric: "cpu_percent",
  robot_id: "",
  warning_threshold: 70,
  critical_threshold: 90,
  below: false,
  for_seconds: 0,
  clear_for_seconds: 0,
  hysteresis: 0,
  enabled: true,
  created_at: "2026-11-23T12:00:00Z",
  updated_at: "2026-11-23T12:00:00Z",
  ...change,
});

describe("rulesFor", () => {
  it("lets a robot's rule take the place of the global one of its type, also when it is off", () => {
    const rules = [
      rule({}),
      rule({ id: 2, metric_type: "disk" }),
      rule({ id: 3, robot_id: "r1", enabled: false }),
      rule({ id: 4, robot_id: "r2" }),
    ];
    expect(rulesFor(rules, "r1").map(({ id }) => id)).toEqual([3, 2]);
    expect(rulesFor(rules, "r3").map(({ id }) => id)).toEqual([1, 2]);
  });
});

describe("judge", () => {
  const voltage = rule({ metric: "servo_voltage", warning_threshold: 9.5, critical_threshold: 9, below: true });
  it.each([
    [[rule({})], "cpu_percent", 69.9, "calm"],
    [[rule({})], "cpu_percent", 70, "warning"],
    [[rule({})], "cpu_percent", 90, "critical"],
    [[rule({ enabled: false })], "cpu_percent", 99, "calm"],
    [[rule({})], "memory_percent", 99, "calm"],
    [[rule({}), rule({ warning_threshold: 10, critical_threshold: 20 })], "cpu_percent", 30, "critical"],
    [[rule({})], "cpu_percent", undefined, "calm"],
    [[voltage], "servo_voltage", 9.5, "warning"],
    [[voltage], "servo_voltage", 8, "critical"],
    [[voltage], "servo_voltage", 5, "calm"], // the original clients' 5 V says nothing about a battery
    [[{ ...voltage, warning_threshold: 5.5, critical_threshold: 5 }], "servo_voltage", 5, "critical"],
    [
      [rule({ metric: "servo_temperature", warning_threshold: -5, critical_threshold: 70 })],
      "servo_temperature",
      0,
      "calm",
    ],
  ] as const)("%#: %s %s is %s", (rules, metric, value, want) => {
    expect(judge(rules, metric, value)).toBe(want);
  });
});
