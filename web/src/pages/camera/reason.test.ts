import { describe, expect, it } from "vitest";
import { reasonOf, worthAsking } from "./reason";

const camera = { url_known: true, state: "live", message: "" } as const;

describe("reasonOf", () => {
  it("is nothing while pictures come", () => {
    expect(reasonOf(true, camera, { phase: "live" })).toBeUndefined();
  });
  it.each([
    ["offline", false, camera, "live"],
    ["none", true, { ...camera, url_known: false, state: "none" }, "connecting"],
    ["connecting", true, camera, "connecting"],
    ["connecting", true, undefined, "connecting"],
    ["down", true, { ...camera, state: "down", message: "connection refused" }, "lost"],
    ["lost", true, camera, "lost"],
    ["hidden", true, camera, "paused"],
  ] as const)("says %s", (kind, online, state, phase) => {
    expect(reasonOf(online, state, { phase })?.kind).toBe(kind);
  });
  it("hands on what the server says of a camera that is down", () => {
    const down = { ...camera, state: "down", message: "connection refused" } as const;
    expect(reasonOf(true, down, { phase: "connecting" })?.detail).toBe("connection refused");
  });
});

describe("worthAsking", () => {
  it("leaves robots alone that are away or have no camera", () => {
    expect(worthAsking(true, camera)).toBe(true);
    expect(worthAsking(false, camera)).toBe(false);
    expect(worthAsking(true, { ...camera, url_known: false })).toBe(false);
    expect(worthAsking(true, undefined)).toBe(false);
  });
});
