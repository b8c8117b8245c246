import { describe, expect, it } from "vitest";
import type { LogEntry } from "@/api/types";
import {
  append,
  emptyTail,
  firstID,
  isGap,
  type Line,
  mostLines,
  mostPaused,
  prepend,
  refresh,
  type TailState,
} from "./tail";

const line = (id: number): LogEntry => ({
  id,
  timestamp: "2026-11-23T10:00:00Z",
  level: "INFO",
  category: "robot",
  source: "",
  message: `line ${id}`,
  robot_id: "r1",
});

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => line(from + i));
const ids = (lines: readonly Line[]) => lines.map((each) => (isGap(each) ? `gap of ${each.gap}` : each.id));
const start: TailState = { ...emptyTail, lines: range(10, 12) };

describe("append", () => {
  it("adds what is new, in order, once", () => {
    expect(ids(append(start, [line(14), line(13), line(12)], 0, true).lines)).toEqual([10, 11, 12, 13, 14]);
    expect(append(start, [line(11)], 0, true)).toBe(start);
  });
  it("counts what nobody saw, and forgets it when the end is followed", () => {
    const away = append(start, range(13, 15), 0, false);
    expect(away.unseen).toBe(3);
    expect(append(away, [line(16)], 0, true).unseen).toBe(0);
  });
  it("marks what came too fast", () => {
    const next = append(start, [line(50)], 37, false);
    expect(ids(next.lines)).toEqual([10, 11, 12, "gap of 37", 50]);
    expect(next.unseen).toBe(38);
  });
  it("cuts the beginning while it follows, and says by how much", () => {
    const full = append({ ...emptyTail, complete: true }, range(1, mostLines + 5), 0, true);
    expect(full.lines).toHaveLength(mostLines);
    expect([firstID(full.lines), full.shift, full.complete]).toEqual([6, -5, false]);
  });
  it("counts what comes when there is no room for more", () => {
    const most = append(emptyTail, range(1, mostPaused), 0, false);
    const over = append(
      append(most, range(mostPaused + 1, mostPaused + 3), 0, false),
      [line(mostPaused + 4)],
      2,
      false,
    );
    expect(over.lines).toHaveLength(mostPaused + 1);
    expect([over.lines.at(-1), over.unseen]).toEqual([{ gap: 6, id: `gap ${mostPaused}` }, mostPaused + 6]);
  });
  it("cuts nothing that somebody reads", () => {
    expect(append(emptyTail, range(1, mostLines + 5), 0, false).lines).toHaveLength(mostLines + 5);
  });
});

describe("prepend", () => {
  it("puts older lines first, once, and says how far the rest moved", () => {
    const next = prepend(start, [line(10), line(9), line(8)], 3);
    expect([ids(next.lines), next.shift, next.complete]).toEqual([[8, 9, 10, 11, 12], 2, false]);
  });
  it("knows the end of the past", () => {
    expect(prepend(start, [line(9)], 3).complete).toBe(true);
    expect(prepend(emptyTail, [], 3).complete).toBe(true);
  });
});

describe("refresh", () => {
  it("fills in what was missed and takes the gaps away", () => {
    const torn = append(start, [line(16)], 3, true);
    const next = refresh(torn, [line(16), line(15), line(14), line(13), line(12)], 5);
    expect(ids(next.lines)).toEqual([10, 11, 12, 13, 14, 15, 16]);
  });
  it("begins anew when too much was missed", () => {
    const next = refresh(start, [line(99), line(98)], 2);
    expect([ids(next.lines), next.complete]).toEqual([[98, 99], false]);
  });
  it("keeps lines that came while the page was on its way", () => {
    const next = refresh({ ...emptyTail, lines: [line(21)] }, [line(20), line(19)], 2);
    expect(ids(next.lines)).toEqual([19, 20, 21]);
  });
  it("is empty when the server has nothing", () => {
    expect(refresh(emptyTail, [], 5)).toMatchObject({ lines: [], complete: true });
  });
});
