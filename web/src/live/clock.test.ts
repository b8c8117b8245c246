import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { serverNow, syncClock } from "./clock";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A frame of a server whose clock is `ahead` ms ahead, which was `late` ms on its way. */
const frame = (ahead: number, late: number) => syncClock(Date.now() + ahead - late);
const ahead = () => serverNow() - Date.now();

describe("the server's clock", () => {
  it("is taken from the frame that was least on its way", () => {
    frame(5000, 900);
    frame(5000, 3);
    frame(5000, 1500);
    expect(ahead()).toBe(4997);
    vi.advanceTimersByTime(45_000);
    frame(5000, 800);
    expect(ahead()).toBe(4997);
  });
  it("is followed when it drifts", () => {
    frame(5000, 3);
    for (let i = 0; i < 8; i++) {
      vi.advanceTimersByTime(10_000);
      frame(4900, 3);
    }
    expect(ahead()).toBe(4897);
  });
  it("is followed at once when somebody sets it", () => {
    frame(0, 3);
    frame(-120_000, 20);
    expect(ahead()).toBe(-120_020);
    frame(-120_000, 4);
    expect(ahead()).toBe(-120_004);
  });
});
