import { describe, expect, it } from "vitest";
import { translate } from "@/i18n/translate";
import { job } from "@/sample";
import { fileFault, lineErrors, mostBytes } from "./importErrors";
import { itemFacts, itemTitle } from "./lastItem";
import { elapsed, etaText, itemsText, percent } from "./progress";
import { narrowed, readItemSearch, readJobSearch, readScanSearch } from "./search";

const t = (key: Parameters<typeof translate>[1], params?: Parameters<typeof translate>[2]) =>
  translate("en", key, params);
const start = Date.parse("2026-11-23T10:00:00Z");
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

describe("etaText", () => {
  it.each([
    [undefined, "end not known yet"],
    [at(90), "done in 2\u202fmin"],
    [at(30), "done in 30\u202fs"],
    [at(1), "done any moment"],
    [at(-1), "done any moment"],
    [at(-60), "1\u202fmin later than expected"],
  ])("says of %s: %s", (eta, text) => expect(etaText(job(1, eta ? { eta } : {}), start, t)).toBe(text));
});

it("counts how long a job lasts, and stops counting at its end", () => {
  expect(elapsed(job(1, { start_time: at(0) }), start + 5000)).toBe(5000);
  expect(elapsed(job(1, { start_time: at(0), end_time: at(60) }), start + 3_600_000)).toBe(60_000);
  expect(elapsed(job(1, { start_time: at(10) }), start)).toBe(0);
});

it("writes items and percent within their bounds", () => {
  expect(itemsText(job(1), t)).toBe("2 of 10 items");
  expect(itemsText(job(1, { items_total: 0, items_done: 1 }), t)).toBe("one item");
  expect([percent(job(1, { percent_complete: 140 })), percent(job(1, { percent_complete: -3 }))]).toEqual([100, 0]);
});

it("finds what an item is called, whatever the robot told", () => {
  expect(itemTitle({ qr: "Q1", name: "Widget" })).toBe("Widget");
  expect(itemTitle({ qr: "Q1" })).toBe("Q1");
  expect(itemTitle("Q2")).toBe("Q2");
  expect(itemTitle(null)).toBe("");
  expect(itemFacts({ a: 1, b: null, c: { d: 1 }, e: "" })).toEqual([["a", "1"]]);
});

describe("CSV import", () => {
  it("puts each fault beside the line it is about", () => {
    const errors = [
      { line: 3, detail: "code is empty" },
      { line: 2, detail: "weight_kg is not a number" },
      { line: 9, detail: "gone" },
    ];
    expect(lineErrors("code,weight_kg\r\nA,heavy\r\n,1", errors)).toEqual([
      { line: 2, detail: "weight_kg is not a number", text: "A,heavy" },
      { line: 3, detail: "code is empty", text: ",1" },
      { line: 9, detail: "gone", text: "" },
    ]);
  });
  it.each([
    [" \n", "items.import_empty"],
    ["name,sku\nA,1", "items.import_header"],
    [`code\n${"x".repeat(mostBytes)}`, "items.import_big"],
    ['\ufeff"Code",name\nA,B', undefined],
    ["sku,code\n1,A", undefined],
  ])("judges a file before it is sent: %#", (csv, fault) => expect(fileFault(csv)).toBe(fault));
});

describe("search", () => {
  it("keeps what makes sense", () => {
    expect(readJobSearch({ robot: "r1", status: "failed", task: 7, time: "7d", page: 3 })).toEqual({
      robot: "r1",
      status: "failed",
      task: "7",
      time: "7d",
    });
    expect(readScanSearch({ job: "12", code: 4711, robot: "" })).toEqual({ job: 12, code: "4711" });
    expect(readItemSearch({ q: "box" })).toEqual({ q: "box" });
  });
  it("leaves out the rest", () => {
    expect(readJobSearch({ status: "lost", time: "1y", robot: ["r1"] })).toEqual({});
    expect(readScanSearch({ job: -1 })).toEqual({});
    expect([narrowed({}), narrowed({ q: "x" })]).toEqual([false, true]);
  });
});
