import { describe, expect, it } from "vitest";
import { lineKey, Tail } from "./tail";

const reading = (time: number, value: number, source = "") => ({ metric: "cpu_percent", source, value, time });
const key = lineKey("cpu_percent", "");

describe("Tail", () => {
  it("takes each value once, in order", () => {
    const tail = new Tail();
    tail.add([reading(1, 10)]);
    tail.add([reading(1, 10), reading(1, 3, "other")]);
    tail.add([reading(2, 11)]);
    tail.add([reading(1, 99)]);
    expect(tail.after(key, 0)).toEqual([
      [1, 10],
      [2, 11],
    ]);
    expect(tail.after(key, 1)).toEqual([[2, 11]]);
    expect(tail.after("unknown", 0)).toEqual([]);
  });

  it("forgets what an answer counts, but not that it had it", () => {
    const tail = new Tail();
    for (let i = 1; i <= 5; i++) tail.add([reading(i, i)]);
    tail.trim(3);
    expect(tail.after(key, 0).map(([time]) => time)).toEqual([4, 5]);
    tail.trim(9);
    tail.add([reading(5, 5)]);
    expect(tail.after(key, 5)).toEqual([]);
  });

  it("is bounded", () => {
    const tail = new Tail();
    for (let i = 1; i <= 5000; i++) tail.add([reading(i, i)]);
    expect(tail.after(key, 0)).toHaveLength(3000);
  });
});
