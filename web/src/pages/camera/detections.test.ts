import { describe, expect, it } from "vitest";
import type { NumberedEvent } from "@/live/feed";
import { currentBoxes, shownFor } from "./detections";

const event = (time: number, data: unknown, kind: NumberedEvent["kind"] = "detections"): NumberedEvent =>
  ({ kind, time, number: time, data }) as NumberedEvent;

const ball = { label: "ball", confidence: 0.9, bbox: [30, 40, 10, 20], frame_width: 640, is_locked: true };

describe("currentBoxes", () => {
  it("takes the newest event of its kind, as long as it is young", () => {
    const events = [event(1000, {}, "log"), event(900, [ball]), event(800, [ball, ball])];
    const expected = { label: "ball", confidence: 0.9, box: [10, 20, 30, 40], frameWidth: 640, locked: true };
    expect(currentBoxes(events, 1000)).toEqual([expected]);
    expect(currentBoxes(events, 900 + shownFor + 1)).toEqual([]);
  });
  it("leaves out what has no box", () => {
    const odd = [null, 3, { label: "line" }, { ...ball, bbox: [1, 2, 3] }, { ...ball, bbox: ["a", 2, 3, 4] }];
    expect(currentBoxes([event(0, odd)], 0)).toEqual([]);
    expect(currentBoxes([event(0, { detections: [ball] })], 0)).toHaveLength(1);
    expect(currentBoxes([], 0)).toEqual([]);
  });
});
