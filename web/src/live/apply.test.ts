import { describe, expect, it } from "vitest";
import { alert, summary } from "@/sample";
import { applyAlerts, applyFleet, sortFleet, worthTelling } from "./apply";

const ids = (list: readonly { robot_id: string }[]) => list.map((each) => each.robot_id);

describe("applyFleet", () => {
  const fleet = [summary("r1"), summary("r2"), summary("r10")];
  it("puts changes in place and keeps the objects of the others", () => {
    const next = applyFleet(fleet, [summary("r2", { online: false })], []);
    expect(ids(next)).toEqual(["r1", "r2", "r10"]);
    expect(next[1]?.online).toBe(false);
    expect(next[0]).toBe(fleet[0]);
    expect(fleet[1]?.online).toBe(true);
  });
  it("adds new robots in the order of their numbers", () => {
    expect(ids(applyFleet(fleet, [summary("r3")], []))).toEqual(["r1", "r2", "r3", "r10"]);
  });
  it("removes robots, also one that changes in the same frame", () => {
    expect(ids(applyFleet(fleet, [summary("r2")], ["r2", "unknown"]))).toEqual(["r1", "r10"]);
  });
  it("is the same array when nothing changed", () => {
    expect(applyFleet(fleet, [], [])).toBe(fleet);
  });
  it("changes a thousand robots a second without trouble", () => {
    const many = sortFleet(Array.from({ length: 1000 }, (_, i) => summary(`r${i}`)));
    const changed = many.map((each) => ({ ...each, cpu_percent: 5 }));
    const started = performance.now();
    for (let i = 0; i < 10; i++) applyFleet(many, changed, []);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("applyAlerts", () => {
  const open = [alert(3), alert(1)];
  it("opens, changes and resolves, newest first", () => {
    const next = applyAlerts(open, [alert(7), alert(1, { resolved: true }), alert(3, { severity: "critical" })]);
    expect(next.map((each) => [each.id, each.severity])).toEqual([
      [7, "warning"],
      [3, "critical"],
    ]);
  });
  it("does not mind a resolved alert that it never knew", () => {
    expect(applyAlerts(open, [alert(99, { resolved: true })])).toHaveLength(2);
  });
});

describe("worthTelling", () => {
  const open = [alert(1), alert(2, { severity: "critical" })];
  it.each([
    ["a new one", alert(5), true],
    ["one that became worse", alert(1, { severity: "critical" }), true],
    ["one that became better", alert(2, { severity: "warning" }), false],
    ["one that says the same", alert(1, { value: 60 }), false],
    ["one that is over", alert(6, { resolved: true }), false],
    ["one that somebody looks after", alert(7, { acknowledged: true }), false],
  ])("tells of %s: %#", (_, changed, told) => {
    expect(worthTelling(open, [changed])).toHaveLength(told ? 1 : 0);
  });
});
