import { describe, expect, it } from "vitest";
import { lookOf } from "./look";
import { lonely } from "./plot";
import { timeTicks } from "./ticks";
import { stepText } from "./words";

const at = (text: string) => new Date(text).getTime(); // local time, as the axis

describe("timeTicks", () => {
  it("is as exact as the distance asks for", () => {
    expect(timeTicks([at("2026-11-23T10:00:00"), at("2026-11-23T10:00:10")], 10_000)).toEqual(["10:00:00", "10:00:10"]);
    expect(timeTicks([at("2026-11-23T10:00:00"), at("2026-11-23T10:05:00")], 300_000)).toEqual(["10:00", "10:05"]);
    expect(timeTicks([at("2026-11-23T00:00:00"), at("2026-11-24T00:00:00")], 86_400_000)).toEqual(["23 Nov", "24 Nov"]);
  });

  it("names the day where it changes", () => {
    const times = [at("2026-11-23T18:00:00"), at("2026-11-24T00:00:00"), at("2026-11-24T06:00:00")];
    expect(timeTicks(times, 6 * 3_600_000)).toEqual(["18:00", "24 Nov", "06:00"]);
  });
});

it("writes steps in their natural unit", () => {
  expect([1000, 120_000, 7_200_000, 86_400_000].map(stepText)).toEqual([
    "1\u202fs",
    "2\u202fmin",
    "2\u202fh",
    "1\u202fd",
  ]);
});

it("gives 36 lines looks that differ", () => {
  const looks = Array.from({ length: 36 }, (_, i) => JSON.stringify(lookOf(i)));
  expect(new Set(looks).size).toBe(36);
  const six = Array.from({ length: 6 }, (_, i) => JSON.stringify(lookOf(i).dash));
  expect(new Set(six).size).toBe(6); // without colour too
});

it("finds values without a neighbour", () => {
  expect(lonely([1, null, 2, 3, null, undefined, 4, undefined, null, 5])).toEqual([0, 6, 9]);
  expect(lonely([1, undefined, 2])).toEqual([]);
  expect(lonely([])).toEqual([]);
});
