import { describe, expect, it } from "vitest";
import { edges, fixed, paintEvery, questionFor, readRange, shortest, spanOf } from "./range";

const noon = Date.parse("2026-11-23T12:00:00Z");

describe("readRange", () => {
  it.each([
    [{}, {}],
    [{ range: "1h" }, { range: "1h" }],
    [{ range: "15m" }, {}],
    [{ range: "2h" }, {}],
    [{ range: 5 }, {}],
    [
      { from: "2026-11-23T10:00:00Z", to: "2026-11-23T12:00:00+01:00", range: "7d" },
      { range: "7d", from: "2026-11-23T10:00:00.000Z", to: "2026-11-23T11:00:00.000Z" },
    ],
    [{ from: "2026-11-23T10:00:00Z" }, {}],
    [{ from: "2026-11-23T10:00:00Z", to: "2026-11-23T09:00:00Z" }, {}],
    [{ from: "2000-01-01T00:00:00Z", to: "2026-11-23T09:00:00Z" }, {}],
    [{ from: "yesterday", to: "today" }, {}],
  ])("%j is %j", (raw, want) => {
    expect(readRange(raw)).toEqual(want);
  });
});

describe("spanOf and edges", () => {
  it("moves with the clock while it is live", () => {
    const span = spanOf({ range: "1h" });
    expect(edges(span, noon)).toEqual([noon - 3_600_000, noon]);
    expect(edges(spanOf({}), noon)).toEqual([noon - 900_000, noon]);
  });

  it("stands still with both ends given", () => {
    const span = spanOf({ range: "1h", from: "2026-11-23T10:00:00.000Z", to: "2026-11-23T10:05:00.000Z" });
    expect(edges(span, noon)).toEqual([noon - 7_200_000, noon - 6_900_000]);
  });
});

describe("fixed", () => {
  it("orders the ends, keeps the shortest length and never reaches into the future", () => {
    expect(fixed(noon - 1000, noon - 61_000, noon)).toEqual({
      from: "2026-11-23T11:58:59.000Z",
      to: "2026-11-23T11:59:59.000Z",
    });
    const tiny = fixed(noon, noon + 10, noon);
    expect(Date.parse(tiny.to) - Date.parse(tiny.from)).toBe(shortest);
    expect(tiny.to).toBe("2026-11-23T12:00:00.000Z");
    expect(readRange(tiny)).toEqual(tiny);
  });
});

describe("questionFor", () => {
  it("asks for buckets, and for values by themselves when near", () => {
    expect(questionFor({ live: true, length: 900_000 })).toEqual({ range: "900s" });
    expect(questionFor({ live: false, from: noon - 120_000, to: noon })).toEqual({
      from: "2026-11-23T11:58:00.000Z",
      to: "2026-11-23T12:00:00.000Z",
      step: "0",
    });
    expect(questionFor({ live: false, from: noon - 121_000, to: noon })).not.toHaveProperty("step");
  });
});

it("paints twice a second at most and every two seconds at least", () => {
  expect(paintEvery({ live: true, length: 300_000 })).toBe(500);
  expect(paintEvery({ live: true, length: 900_000 })).toBe(900);
  expect(paintEvery({ live: true, length: 30 * 86_400_000 })).toBe(2000);
});
