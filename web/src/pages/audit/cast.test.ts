import { describe, expect, it } from "vitest";
import { type Cast, clockOf, eventsUntil, readCast, readSize } from "./cast";

const header = '{"version": 2, "width": 100, "height": 30, "timestamp": 1764000000}';
const lines = (...events: unknown[]) => [header, ...events.map((each) => JSON.stringify(each))].join("\n");

describe("readCast", () => {
  it("reads size, output and new sizes, and leaves out what was typed", () => {
    const cast = readCast(lines([0.5, "o", "hello\r\n"], [1, "i", "secret"], [1.5, "r", "120x40"], [2, "o", "bye"]));
    expect(cast).toEqual({
      width: 100,
      height: 30,
      length: 2,
      events: [
        { at: 0.5, kind: "o", data: "hello\r\n" },
        { at: 1.5, kind: "r", data: "120x40" },
        { at: 2, kind: "o", data: "bye" },
      ],
    });
  });
  it("shortens long pauses", () => {
    const cast = readCast(lines([1, "o", "a"], [601, "o", "b"], [602, "o", "c"]));
    expect(cast?.events.map(({ at }) => at)).toEqual([1, 4, 5]);
  });
  it("reads up to a line that was cut off", () => {
    expect(readCast(`${lines([1, "o", "a"])}\n[2, "o", "ha`)?.events).toHaveLength(1);
  });
  it.each(["", "not json", '{"version": 1}', "[1,2,3]", "null"])("is nothing for %j", (text) =>
    expect(readCast(text)).toBeUndefined(),
  );
  it("has a size even if the file names none that makes sense", () => {
    expect(readCast('{"version":2,"width":-4,"height":"x"}')).toMatchObject({ width: 80, height: 24, length: 0 });
  });
});

it("finds the place of a time", () => {
  const cast = readCast(lines([1, "o", "a"], [2, "o", "b"], [2, "o", "c"], [3, "o", "d"])) as Cast;
  expect([0, 1, 2, 2.5, 9].map((at) => eventsUntil(cast, at))).toEqual([0, 1, 3, 3, 4]);
});

it("reads new sizes", () => {
  expect([readSize("120x40"), readSize("big"), readSize("1x1")]).toEqual([[120, 40], undefined, [2, 1]]);
});

it("writes times", () => expect([0, 5.9, 65, 3600].map(clockOf)).toEqual(["0:00", "0:05", "1:05", "60:00"]));
