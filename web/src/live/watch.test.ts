import { describe, expect, it } from "vitest";
import { maxRobots, mergeWatches } from "./watch";

const nothing = {
  fleet: false,
  alerts: false,
  pending: false,
  commands: false,
  leases: false,
  jobs: false,
  logs: null,
  robots: {},
};

describe("mergeWatches", () => {
  it("is nothing for nothing", () => {
    expect(mergeWatches([])).toEqual(nothing);
  });
  it("unites what parts look at", () => {
    const union = mergeWatches([
      { fleet: true },
      { robots: { r1: ["cpu_percent"], r2: [] } },
      { alerts: true, robots: { r1: ["battery_percent", "cpu_percent"] } },
    ]);
    expect(union).toEqual({
      ...nothing,
      fleet: true,
      alerts: true,
      robots: { r1: ["battery_percent", "cpu_percent"], r2: [] },
    });
  });
  it("lets everything swallow the single metrics", () => {
    expect(mergeWatches([{ robots: { r1: ["cpu_percent"] } }, { robots: { r1: ["*"] } }]).robots).toEqual({
      r1: ["*"],
    });
  });
  it("follows one selection of logs: the last one", () => {
    const logs = (robot_id: string) => ({ robot_id, levels: [], category: "", search: "" });
    const union = mergeWatches([
      { logs: logs("r1") },
      { jobs: true, logs: logs("r2") },
      { commands: true, leases: true },
    ]);
    expect(union).toEqual({ ...nothing, jobs: true, commands: true, leases: true, logs: logs("r2") });
  });
  it("stays within the server's limit", () => {
    const robots = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`r${i}`, ["*"]]));
    expect(Object.keys(mergeWatches([{ robots }]).robots)).toHaveLength(maxRobots);
  });
});
