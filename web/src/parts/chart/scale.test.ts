import { describe, expect, it } from "vitest";
import { borders, type Threshold } from "./scale";

const hot: Threshold[] = [
  { severity: "warning", value: 60, below: false },
  { severity: "critical", value: 75, below: false },
];

describe("borders", () => {
  it("keeps fixed borders, and widens them for values beyond", () => {
    expect(borders(20, 40, { from: 0, to: 100 })).toEqual([0, 100]);
    expect(borders(20, 130, { from: 0, to: 100 })[1]).toBeGreaterThan(130);
  });

  it("does not make noise look like news", () => {
    const [low, high] = borders(50, 50.2, { span: 10 });
    expect(high - low).toBeGreaterThanOrEqual(10);
    expect((low + high) / 2).toBeCloseTo(50.1);
  });

  it("brings near thresholds into sight and leaves far ones out", () => {
    const [low, high] = borders(50, 56, { span: 10 }, hot);
    expect(low).toBeLessThan(50);
    expect(high).toBeGreaterThan(60);
    expect(high).toBeLessThan(75);
  });

  it.each([
    [null, null, {}],
    [null, null, { from: 0, to: 100 }],
    [null, null, { from: 0, span: 20 }],
    [5, 5, {}],
    [0, 0, { from: 0 }],
    [-3, -3, { from: 0, to: 1 }],
  ])("has room between its borders for %s to %s in %j", (low, high, scale) => {
    const [from, to] = borders(low, high, scale);
    expect(to).toBeGreaterThan(from);
    if (low !== null) expect(from).toBeLessThanOrEqual(low);
  });
});
