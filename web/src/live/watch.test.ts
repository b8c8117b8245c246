import { describe, expect, it } from "vitest";
import { maxRobots, mergeWatches } from "./watch";

describe("mergeWatches", () => {
  it("is nothing for nothing", () => {
    expect(mergeWatches([])).toEqual({ fleet: false, alerts: false, pending: false, robots: {} });
  });
  it("unites what parts look at", () => {
    const union = mergeWatches([
      { fleet: true },
      { robots: { r1: ["cpu_percent"], r2: [] } },
      { alerts: true, robots: { r1: ["battery_percent", "cpu_percent"] } },
    ]);
    expect(union).toEqual({
      fleet: true,
      alerts: true,
      pending: false,
      robots: { r1: ["battery_percent", "cpu_percent"], r2: [] },
    });
  });
  it("lets everything swallow the single metrics", () => {
    expect(mergeWatches([{ robots: { r1: ["cpu_percent"] } }, { robots: { r1: ["*"] } }]).robots).toEqual({
      r1: ["*"],
    });
  });
  it("stays within the server's limit", () => {
    const robots = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`r${i}`, ["*"]]));
    expect(Object.keys(mergeWatches([{ robots }]).robots)).toHaveLength(maxRobots);
  });
});
