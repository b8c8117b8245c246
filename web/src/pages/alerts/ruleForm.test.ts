import { describe, expect, it } from "vitest";
import { check, emptyForm, type RuleForm, readNumber, toBody, toForm } from "./ruleForm";

const form = (change: Partial<RuleForm> = {}): RuleForm => ({
  ...emptyForm,
  type: "cpu",
  metric: "cpu_percent",
  warning: "70",
  critical: "90",
  ...change,
});

describe("readNumber", () => {
  it.each([
    ["70", 70],
    [" 9,5 ", 9.5],
    ["-.5", -0.5],
    ["1e3", undefined],
    ["", undefined],
    ["7O", undefined],
    ["Infinity", undefined],
    ["1.000,5", undefined],
  ])("%j is %j", (text, want) => {
    expect(readNumber(text)).toBe(want);
  });
});

describe("check", () => {
  it.each([
    [{}, {}],
    [{ type: " " }, { type: "rules.error.kind" }],
    [{ type: "x".repeat(51) }, { type: "rules.error.kind" }],
    [{ metric: "" }, { metric: "rules.error.metric" }],
    [{ metric: "", type: "offline" }, {}],
    [{ warning: "hot" }, { warning: "rules.error.number" }],
    [{ critical: "60" }, { critical: "rules.error.critical_above" }],
    [{ below: true }, { critical: "rules.error.critical_below" }],
    [{ below: true, critical: "70" }, {}],
    [{ seconds: "-1" }, { seconds: "rules.error.seconds" }],
    [{ clearSeconds: "86401" }, { clearSeconds: "rules.error.seconds" }],
    [{ hysteresis: "-2" }, { hysteresis: "rules.error.hysteresis" }],
  ])("%j gives %j", (change, want) => {
    expect(check(form(change))).toEqual(want);
  });
});

describe("toBody", () => {
  it("sends numbers, and makes of what was read the same again", () => {
    const body = toBody(form({ warning: "9,5", critical: "9", below: true, robot: "tonypi_01" }));
    expect(body).toEqual({
      metric_type: "cpu",
      metric: "cpu_percent",
      robot_id: "tonypi_01",
      warning_threshold: 9.5,
      critical_threshold: 9,
      below: true,
      for_seconds: 5,
      clear_for_seconds: 10,
      hysteresis: 0,
      enabled: true,
    });
    const stamps = { id: 1, created_at: "2026-11-23T12:00:00Z", updated_at: "2026-11-23T12:00:00Z" };
    const rule = {
      metric: "",
      robot_id: "",
      below: false,
      for_seconds: 0,
      clear_for_seconds: 0,
      hysteresis: 0,
      enabled: true,
      ...body,
      ...stamps,
    };
    expect(toBody(toForm(rule))).toEqual(body);
  });

  it("judges silence without a metric, and high only", () => {
    expect(toBody(form({ type: "offline", below: true }))).toMatchObject({ metric: "", below: false });
  });
});
