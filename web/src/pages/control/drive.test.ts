import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientFrame, DriveFrame } from "@/live/frames";
import { answerWithin, Driver, rate } from "./driver";
import { fromKeys, fromPad, fromStick, isDriveKey, type Motion, still } from "./motion";

const forward: Motion = { ...still, forward: 1 };
const left: Motion = { ...still, turn: 1 };

function start(open = () => true, answers = true) {
  const sent: ClientFrame[] = [];
  const driver: Driver = new Driver({
    robot: "r1",
    now: Date.now,
    send: (frame) => {
      if (!open()) return false;
      sent.push(frame);
      if (answers && frame.type === "drive") {
        setTimeout(() => driver.answer({ type: "driven", robot: "r1", seq: frame.seq, ok: true }), 20);
      }
      return true;
    },
  });
  const beats = () => sent.filter((frame): frame is DriveFrame => frame.type === "drive");
  return { driver, sent, beats };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Driver", () => {
  it("beats 15 times a second from the first push on, counting", () => {
    const { driver, beats } = start();
    driver.move("keys", forward);
    expect(beats()).toHaveLength(1);
    vi.advanceTimersByTime(1001);
    expect(beats()).toHaveLength(1 + rate);
    expect(beats().map((beat) => beat.seq)).toEqual(beats().map((_, i) => i + 1));
    expect(beats()[0]).toMatchObject({ robot: "r1", forward: 1, turn: 0, strafe: 0, speed: 0.5 });
  });

  it("says at once that it stands when the last hand lets go, and ends after a second", () => {
    const { driver, beats } = start();
    driver.move("keys", forward);
    vi.advanceTimersByTime(500);
    const before = beats().length;
    driver.move("keys", still);
    expect(beats().slice(before)).toEqual([expect.objectContaining(still)]);
    vi.advanceTimersByTime(3000);
    expect(driver.current().driving).toBe(false);
    const count = beats().length;
    expect(
      beats()
        .slice(before)
        .every((beat) => beat.forward === 0),
    ).toBe(true);
    vi.advanceTimersByTime(3000);
    expect(beats()).toHaveLength(count);
  });

  it("adds what both hands want and does not exceed the bounds", () => {
    const { driver, beats } = start();
    driver.move("keys", forward);
    driver.move("stick", { ...forward, turn: 1 });
    expect(beats().at(-1)).toMatchObject({ forward: 1, turn: 1 });
    driver.move("stick", still);
    expect(beats().at(-1)).toMatchObject({ forward: 1, turn: 0 });
  });

  it("stands and lets go when the person leaves, whatever is held", () => {
    const { driver, sent } = start();
    driver.move("keys", forward);
    driver.letGo();
    expect(sent.slice(-2)).toEqual([expect.objectContaining({ type: "drive", ...still }), { type: "let_go" }]);
    const count = sent.length;
    vi.advanceTimersByTime(1000);
    expect(sent).toHaveLength(count);
  });

  it("stands when the person turns to another part of the page, and keeps control", () => {
    const { driver, sent, beats } = start();
    driver.move("keys", forward);
    driver.rest();
    expect(beats().at(-1)).toMatchObject(still);
    driver.move("keys", forward); // still held
    expect(beats().at(-1)).toMatchObject(still);
    vi.advanceTimersByTime(5000);
    expect(driver.current().driving).toBe(false);
    expect(sent.every((frame) => frame.type === "drive")).toBe(true);
  });

  it("ends when the connection closes and starts only by a new push", () => {
    let open = true;
    const { driver, beats } = start(() => open);
    driver.move("keys", forward);
    open = false;
    vi.advanceTimersByTime(200);
    expect(driver.current()).toMatchObject({ driving: false, ended: { reason: "lost" }, motion: still });
    open = true;
    const count = beats().length;
    vi.advanceTimersByTime(1000);
    driver.move("keys", left); // the hand is still at it
    expect(beats()).toHaveLength(count);
    driver.move("keys", still);
    driver.move("keys", forward);
    expect(driver.current()).toMatchObject({ driving: true, ended: undefined });
  });

  it("sends nothing more into a connection that has not answered for a second", () => {
    const { driver, beats } = start(() => true, false);
    driver.move("keys", forward);
    vi.advanceTimersByTime(answerWithin + 200);
    expect(driver.current()).toMatchObject({ driving: false, ended: { reason: "lost" } });
    const count = beats().length;
    vi.advanceTimersByTime(2000);
    expect(beats()).toHaveLength(count);
  });

  it("ends when the server refuses, and an old refusal does not end a new start", () => {
    const { driver } = start();
    driver.move("keys", forward);
    const detail = "vera has control of r1";
    driver.answer({ type: "driven", robot: "r1", seq: 1, ok: false, detail });
    expect(driver.current()).toMatchObject({ driving: false, ended: { reason: "refused", detail } });
    driver.move("keys", still);
    driver.move("keys", left);
    driver.answer({ type: "driven", robot: "r1", seq: 1, ok: false, detail });
    expect(driver.current().driving).toBe(true);
    driver.answer({ type: "driven", robot: "r2", seq: 99, ok: false, detail });
    expect(driver.current().driving).toBe(true);
  });

  it("measures the round trip", () => {
    const { driver } = start();
    driver.move("keys", forward);
    vi.advanceTimersByTime(500);
    expect(driver.current().roundTrip).toBe(20);
  });

  it("takes a new speed along with the next beat", () => {
    const { driver, beats } = start();
    driver.move("keys", forward);
    driver.setSpeed(3);
    vi.advanceTimersByTime(100);
    expect(beats().at(-1)?.speed).toBe(1);
  });
});

describe("motion", () => {
  it("knows the keys by their place, and Shift walks slowly", () => {
    expect(fromKeys(["KeyW", "KeyQ"], false)).toEqual({ forward: 1, turn: 1, strafe: 0 });
    expect(fromKeys(["ArrowUp", "KeyW"], true)).toEqual({ forward: 0.4, turn: 0, strafe: 0 });
    expect(fromKeys(["KeyW", "KeyS"], false)).toEqual(still);
    expect(fromKeys(["KeyA"], false)).toEqual({ ...still, strafe: 1 });
    expect([isDriveKey("ArrowLeft"), isDriveKey("Tab"), isDriveKey("Escape")]).toEqual([true, false, false]);
  });

  it("lets a stick rest in its middle and reach its end", () => {
    expect(fromStick(0.1, -0.1)).toEqual(still);
    expect(fromStick(0, 1)).toEqual(forward);
    expect(fromStick(-1, 0)).toEqual(left);
    const corner = fromStick(1, 1);
    expect(Math.hypot(corner.forward, corner.turn)).toBeCloseTo(1, 1);
    expect(fromStick(0, 0.2).forward).toBeLessThan(0.1);
  });

  it("reads a game pad in the standard layout", () => {
    const buttons = Array.from({ length: 17 }, () => ({ pressed: false }));
    expect(fromPad({ axes: [0.05, -1, 0, 0], buttons })).toEqual({ ...forward, stop: false });
    expect(fromPad({ axes: [-1, 0, 1, 0], buttons })).toEqual({ forward: 0, strafe: 1, turn: -1, stop: false });
    const b = buttons.map((button, i) => (i === 1 ? { pressed: true } : button));
    expect(fromPad({ axes: [0, 0, 0, 0], buttons: b }).stop).toBe(true);
    expect(fromPad({ axes: [], buttons: [] })).toEqual({ ...still, stop: false });
  });
});
