import { describe, expect, it } from "vitest";
import { share } from "./HeadPad";
import { readTyped, toTyped } from "./settings";

const before = {
  safety: { stop_profile: "sit", max_speed: 0.6, own: 1 },
  camera: { enabled: false },
  network: { a: 1 },
};

describe("settings of a robot", () => {
  it("go through the form unharmed, with those that the form does not know", () => {
    const typed = toTyped(before);
    expect(typed).toMatchObject({ "safety.stop_profile": "sit", "safety.max_speed": "60", "camera.enabled": "false" });
    expect(typed["safety.deadman_ms"]).toBe("");
    expect(readTyped(before, typed)).toEqual({ settings: before, errors: {} });
  });
  it("are read from what was typed, and empty ones are left to the robot", () => {
    const typed = { "safety.max_speed": "45", "safety.deadman_ms": "200", "reporting.servo_hz": "0,5" };
    const { settings, errors } = readTyped(before, typed);
    expect(errors).toEqual({});
    expect(settings).toEqual({
      safety: { max_speed: 0.45, deadman_ms: 200, own: 1 },
      reporting: { servo_hz: 0.5 },
      network: { a: 1 },
    });
  });
  it("outside of their bounds are refused", () => {
    const typed = {
      "safety.max_speed": "5",
      "safety.deadman_ms": "99",
      "reporting.status_seconds": "2.5",
      "camera.fps": "x",
    };
    expect(Object.keys(readTyped({}, typed).errors)).toEqual(Object.keys(typed));
  });
  it("survive whatever was stored", () => {
    for (const odd of [null, undefined, 7, [], { safety: 3 }]) {
      expect(readTyped(odd, toTyped(odd)).errors).toEqual({});
    }
  });
});

describe("share", () => {
  const pan = { name: "pan", title: "", kind: "number", unit: "", required: true, min: -90, max: 90 } as const;
  it("spans the range around its middle or default", () => {
    expect([-1, 0, 0.5, 1].map((at) => share(pan, at))).toEqual([-90, 0, 45, 90]);
    expect([-1, 0, 1].map((at) => share({ ...pan, default: 30 }, at))).toEqual([-90, 30, 90]);
  });
});
