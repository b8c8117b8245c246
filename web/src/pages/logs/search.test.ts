import { describe, expect, it } from "vitest";
import { filterOf, type LogSearch, narrowed, quickViewOf, readLogSearch, toggled } from "./search";

describe("readLogSearch", () => {
  it("keeps what makes sense", () => {
    const search: LogSearch = {
      robot: "r1",
      levels: "WARNING,ERROR",
      category: "robot_camera",
      q: "42",
      time: "7d",
      from: "2026-11-23T10:00:00.000Z",
      to: "2026-11-23T11:00:00.000Z",
    };
    expect(readLogSearch({ ...search, levels: "ERROR,WARNING", q: 42 })).toEqual(search);
    expect(readLogSearch({ ...search })).toEqual(search);
  });
  it.each([
    [{ levels: "LOUD", time: "24h", q: "", robot: {} }],
    [{ levels: "DEBUG,INFO,WARNING,ERROR,CRITICAL", time: "yesterday", from: "soon" }],
  ])("leaves out the rest: %j", (raw) => expect(readLogSearch(raw)).toEqual({}));
  it("drops a period that ends before it begins", () => {
    expect(readLogSearch({ from: "2026-11-23T11:00:00Z", to: "2026-11-23T10:00:00Z" })).toEqual({});
  });
});

it("asks for a robot's own lines inside the robot, whatever the URL says", () => {
  expect(filterOf({ robot: "r2", levels: "ERROR" }, "r1")).toMatchObject({
    robot: "r1",
    levels: ["ERROR"],
    time: "24h",
  });
  expect(filterOf({ robot: "r2" }, undefined)).toMatchObject({ robot: "r2", levels: undefined });
});

describe("toggled", () => {
  it.each([
    [undefined, "ERROR", "ERROR"],
    ["ERROR", "CRITICAL", "ERROR,CRITICAL"],
    ["ERROR,CRITICAL", "ERROR", "CRITICAL"],
    ["ERROR", "ERROR", undefined],
    ["DEBUG,INFO,WARNING,ERROR", "CRITICAL", undefined],
  ] as const)("%s and %s make %s", (levels, level, want) => {
    expect(toggled(levels ? { levels } : {}, level)).toBe(want);
  });
});

it("knows its quick views", () => {
  expect(quickViewOf({})).toBe("all");
  expect(quickViewOf({ levels: "ERROR,CRITICAL", q: "x" })).toBe("errors");
  expect(quickViewOf({ category: "command" })).toBe("commands");
  expect(quickViewOf({ category: "mqtt" })).toBeUndefined();
  expect([narrowed({ robot: "r1", time: "7d" }), narrowed({ q: "x" })]).toEqual([false, true]);
});
