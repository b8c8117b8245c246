import { describe, expect, it } from "vitest";
import { columns, newestOf, type Point, spacing, summarise, toPoints, valueAt, withTail } from "./shape";

const point = (time: number, value: number, min = value, max = value, count = 1): Point => [
  time,
  min,
  max,
  value,
  value,
  count,
];

describe("toPoints", () => {
  it("leaves out what is not a bucket", () => {
    expect(toPoints([[1, 2, 3, 4, 5, 6], null, [1, 2]])).toEqual([[1, 2, 3, 4, 5, 6]]);
  });
});

describe("withTail", () => {
  it("puts values into the last bucket and new ones, and keeps what it was given", () => {
    const points = [point(0, 10, 8, 12, 3)];
    const all = withTail(
      points,
      [
        [400, 2],
        [1000, 5],
        [1999, 7],
      ],
      1000,
    );
    expect(all).toEqual([
      [0, 2, 12, 8, 2, 4],
      [1000, 5, 7, 6, 7, 2],
    ]);
    expect(points).toEqual([point(0, 10, 8, 12, 3)]);
  });

  it("adds values by themselves without a step", () => {
    expect(withTail([point(0, 1)], [[5, 2]], 0)).toEqual([point(0, 1), point(5, 2)]);
  });

  it("drops a value older than the last bucket", () => {
    expect(withTail([point(5000, 1)], [[1, 2]], 1000)).toEqual([point(5000, 1)]);
  });

  it("gives back the same array when nothing is new", () => {
    const points = [point(0, 1)];
    expect(withTail(points, [], 1000)).toBe(points);
  });
});

describe("spacing", () => {
  it("is the usual distance, at least the step", () => {
    expect(spacing([point(0, 1), point(5000, 1), point(10_000, 1), point(60_000, 1)], 1000)).toBe(5000);
    expect(spacing([point(0, 1), point(100, 1)], 1000)).toBe(1000);
    expect(spacing([], 0)).toBe(1);
  });
});

describe("columns", () => {
  it("breaks a line where more than three steps are missing, and not before", () => {
    const made = columns([[point(0, 1), point(3000, 2), point(4000, 3), point(5000, 4), point(8001, 5)]], 1000);
    expect(made.times).toEqual([0, 3000, 4000, 5000, 6000, 8001]);
    expect(made.mean).toEqual([[1, 2, 3, 4, null, 5]]);
    expect(made.min[0]?.[4]).toBeNull();
    expect(made.max[0]?.[4]).toBeNull();
  });

  it("does not break lines of robots that send less often than a step", () => {
    const made = columns([[point(0, 1), point(10_000, 2), point(20_000, 3)]], 1000);
    expect(made.mean).toEqual([[1, 2, 3]]);
  });

  it("puts lines with other times on one axis without breaking them", () => {
    const made = columns([[point(0, 1), point(2000, 2)], [point(1000, 5)]], 1000);
    expect(made.times).toEqual([0, 1000, 2000]);
    expect(made.mean[0]).toEqual([1, undefined, 2]);
    expect(made.mean[1]).toEqual([undefined, 5, undefined]);
  });

  it("breaks a line of angles where it goes around, in one step or within a bucket", () => {
    const turn = [point(0, 170), point(1000, 179), point(2000, -179), point(3000, -90), point(4000, 80)];
    expect(columns([turn], 1000, 360).mean).toEqual([[170, 179, null, -179, -90, 80]]);
    expect(columns([turn], 1000, 360).times).toEqual([0, 1000, 1500, 2000, 3000, 4000]);
    expect(columns([turn], 1000).mean).toEqual([[170, 179, -179, -90, 80]]);
    const within = [point(0, 170), point(1000, 5, -180, 180, 10), point(2000, -170)];
    expect(columns([within], 1000, 360).mean).toEqual([[170, null, 5, null, -170]]);
  });

  it("keeps a line whole whose every bucket goes all around", () => {
    const spin = [point(0, 10, -180, 180, 90), point(1000, -20, -179, 179, 90)];
    expect(columns([spin], 1000, 360).mean).toEqual([[10, -20]]);
  });

  it("keeps peaks in min and max", () => {
    const made = columns([[point(0, 10, -50, 90, 100)]], 1000);
    expect([made.min[0]?.[0], made.mean[0]?.[0], made.max[0]?.[0]]).toEqual([-50, 10, 90]);
  });

  it("shapes 18 lines of 600 buckets well within a frame's patience", () => {
    const lines = Array.from({ length: 18 }, (_, k) => Array.from({ length: 600 }, (_, i) => point(i * 1000, i + k)));
    const began = performance.now();
    const made = columns(lines, 1000);
    expect(made.times).toHaveLength(600);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe("valueAt", () => {
  const made = columns([[point(0, 1, 0, 2), point(1000, 2), point(9000, 3)], [point(500, 7)]], 1000);

  it("finds the nearest value beside an empty place", () => {
    expect(valueAt(made, 1, 0)).toEqual({ time: 500, mean: 7, min: 7, max: 7 });
    expect(valueAt(made, 0, 0)).toEqual({ time: 0, mean: 1, min: 0, max: 2 });
  });

  it("says nothing within a gap", () => {
    expect(valueAt(made, 0, made.mean[0]?.indexOf(null) ?? -1)).toBeUndefined();
  });

  it("knows the newest value, and that there is none", () => {
    expect(newestOf(made, 0)?.mean).toBe(3);
    expect(newestOf(columns([[]], 1000), 0)).toBeUndefined();
  });
});

describe("summarise", () => {
  it("weighs buckets by their counts and leaves out other times", () => {
    const points = [point(0, 100), point(1000, 10, 5, 20, 3), point(2000, 2)];
    expect(summarise(points, 1000, 2000)).toEqual({ min: 2, max: 20, mean: 8 });
    expect(summarise(points, 5000, 6000)).toBeUndefined();
  });
});
