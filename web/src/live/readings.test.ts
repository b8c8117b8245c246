import { describe, expect, it, vi } from "vitest";
import { Readings, trailStep, trailSteps } from "./readings";

const t0 = 1_000_000 * trailStep;

describe("Readings", () => {
  it("tells only whom a change concerns", () => {
    const readings = new Readings();
    readings.replace("r1", [
      ["cpu_percent", "", 10, t0],
      ["servo_position", "servo_1", 5, t0],
    ]);
    const [cpu, servo, other, all, elsewhere] = [vi.fn(), vi.fn(), vi.fn(), vi.fn(), vi.fn()];
    readings.subscribe(cpu, "r1", "cpu_percent", "");
    readings.subscribe(servo, "r1", "servo_position");
    readings.subscribe(other, "r1", "servo_position", "servo_2");
    readings.subscribe(all, "r1");
    readings.subscribe(elsewhere, "r2");
    readings.update("r1", [["servo_position", "servo_1", 6, t0 + 100]]);
    expect([cpu, servo, other, all, elsewhere].map((f) => f.mock.calls.length)).toEqual([0, 1, 0, 1, 0]);
    expect(readings.newest("r1", "servo_position", "servo_1")?.value).toBe(6);
  });
  it("gives the same objects until something changes, as useSyncExternalStore wants", () => {
    const readings = new Readings();
    readings.update("r1", [["cpu_percent", "", 10, t0]]);
    const list = readings.list("r1", "cpu_percent");
    expect(readings.list("r1", "cpu_percent")).toBe(list);
    readings.update("r1", [["memory_percent", "", 1, t0]]);
    expect(readings.list("r1", "cpu_percent")).toBe(list);
    readings.update("r1", [["cpu_percent", "", 11, t0 + 1]]);
    expect(readings.list("r1", "cpu_percent")).not.toBe(list);
    expect(readings.list("r9")).toBe(readings.list("r8"));
  });
  it("drops a value that is older than the known one", () => {
    const readings = new Readings();
    readings.update("r1", [["cpu_percent", "", 10, t0]]);
    readings.update("r1", [["cpu_percent", "", 99, t0 - 1]]);
    expect(readings.newest("r1", "cpu_percent")?.value).toBe(10);
  });
  it("forgets on a new state what the state does not name, and robots nobody watches", () => {
    const readings = new Readings();
    readings.update("r1", [["cpu_percent", "", 10, t0]]);
    readings.replace("r1", [["memory_percent", "", 3, t0]]);
    expect(readings.newest("r1", "cpu_percent")).toBeUndefined();
    const told = vi.fn();
    readings.subscribe(told, "r1", "memory_percent", "");
    readings.keepOnly([]);
    expect(readings.newest("r1", "memory_percent")).toBeUndefined();
    expect(told).toHaveBeenCalledOnce();
  });
  it("keeps the trail in steps with their extremes, and no longer than ten minutes", () => {
    const readings = new Readings();
    for (const [value, ms] of [
      [5, 0],
      [9, 1000],
      [7, 2000],
      [1, trailStep],
    ] as const) {
      readings.update("r1", [["cpu_percent", "", value, t0 + ms]]);
    }
    expect(readings.trail("r1", "cpu_percent")).toEqual([
      { time: t0, min: 5, max: 9, last: 7 },
      { time: t0 + trailStep, min: 1, max: 1, last: 1 },
    ]);
    for (let i = 2; i < 500; i++) readings.update("r1", [["cpu_percent", "", i, t0 + i * trailStep]]);
    expect(readings.trail("r1", "cpu_percent")).toHaveLength(trailSteps);
  });
  it("puts history before what came live", () => {
    const readings = new Readings();
    readings.update("r1", [["cpu_percent", "", 50, t0]]);
    const old = [-2, -1, 0].map((i) => ({ time: t0 + i * trailStep, min: i, max: i, last: i }));
    readings.seed("r1", "cpu_percent", "", old);
    expect(readings.trail("r1", "cpu_percent").map((step) => step.last)).toEqual([-2, -1, 50]);
    readings.seed("r1", "cpu_percent", "", old);
    expect(readings.trail("r1", "cpu_percent")).toHaveLength(3);
  });
});
