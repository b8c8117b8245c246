import { describe, expect, it } from "vitest";
import { sortFleet } from "@/live/apply";
import { summary } from "@/sample";
import { countFilters, readFleetSearch, select } from "./search";

const ids = (list: readonly { robot_id: string }[]) => list.map((each) => each.robot_id);

const fleet = sortFleet([
  summary("r1", { battery_percent: 80, name: "Ada" }),
  summary("r2", { battery_percent: 20, worst_severity: "warning", open_alerts: 1 }),
  summary("r3", { online: false, status: "offline", location: "Lab 2" }),
  summary("r10", { battery_percent: 50, posture: "fallen_front" }),
  summary("r4", { battery_percent: 90, emergency_stopped: true }),
]);

describe("readFleetSearch", () => {
  it("reads what makes sense and leaves out the rest and the defaults", () => {
    expect(readFleetSearch({ q: "ada", show: "online", sort: "battery", down: true, view: "list" })).toEqual({
      q: "ada",
      show: "online",
      sort: "battery",
      down: true,
      view: "list",
    });
    expect(readFleetSearch({ q: "", show: "all", sort: "attention", down: "yes", view: "grid", x: 1 })).toEqual({});
    expect(readFleetSearch({ q: 7, show: 3 })).toEqual({ q: "7" });
    expect(readFleetSearch({ q: "a".repeat(500) }).q).toHaveLength(100);
  });
});

describe("select", () => {
  it("shows first who needs help", () => {
    expect(ids(select(fleet, {}))).toEqual(["r4", "r2", "r10", "r1", "r3"]);
  });
  it("filters", () => {
    expect(ids(select(fleet, { show: "offline" }))).toEqual(["r3"]);
    expect(ids(select(fleet, { show: "alerts" }))).toEqual(["r2"]);
    expect(ids(select(fleet, { show: "stopped" }))).toEqual(["r4"]);
    expect(countFilters(fleet)).toEqual({ all: 5, online: 4, offline: 1, alerts: 1, stopped: 1 });
  });
  it("finds by name, ID and place, every word", () => {
    expect(ids(select(fleet, { q: "ADA" }))).toEqual(["r1"]);
    expect(ids(select(fleet, { q: "lab r3" }))).toEqual(["r3"]);
    expect(ids(select(fleet, { q: "lab r4" }))).toEqual([]);
  });
  it("sorts both ways with the unknown last", () => {
    expect(ids(select(fleet, { sort: "battery" }))).toEqual(["r2", "r10", "r1", "r4", "r3"]);
    expect(ids(select(fleet, { sort: "battery", down: true }))).toEqual(["r4", "r1", "r10", "r2", "r3"]);
  });
  it("sorts names by their numbers and leaves the fleet as it was", () => {
    const before = ids(fleet);
    expect(ids(select(fleet, { sort: "name" }))).toEqual(["r1", "r2", "r3", "r4", "r10"]);
    expect(ids(fleet)).toEqual(before);
  });
});
