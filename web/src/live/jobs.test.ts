import { describe, expect, it } from "vitest";
import { job } from "@/sample";
import { applyJobs, jobsMoved } from "./apply";

const active = [job(5), job(3)];

describe("applyJobs", () => {
  it("begins, moves on and ends, newest first", () => {
    const next = applyJobs(active, [job(7), job(3, { items_done: 9 }), job(5, { status: "completed" })]);
    expect(next.map(({ id, items_done }) => [id, items_done])).toEqual([
      [7, 2],
      [3, 9],
    ]);
  });
  it("is the same array when nothing changed", () => expect(applyJobs(active, [])).toBe(active));
});

describe("jobsMoved", () => {
  it.each([
    ["progress", job(3, { items_done: 3 }), false],
    ["a beginning", job(9), true],
    ["an end", job(3, { status: "failed" }), true],
  ])("tells of %s: %#", (_, changed, moved) => expect(jobsMoved(active, [changed])).toBe(moved));
});
