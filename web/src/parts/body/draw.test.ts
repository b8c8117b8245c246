import { describe, expect, it } from "vitest";
import { frontView, shapesOf } from "./draw";
import { joints } from "./joints";
import { place, rootFromAngles, skeleton } from "./kinematics";
import { stand } from "./poses";

const standing = place(skeleton(stand), rootFromAngles(0, 0));

describe("shapes", () => {
  it("paints every joint once, farthest first, within the picture", () => {
    const list = shapesOf(standing, frontView);
    expect(
      list
        .filter((shape) => shape.kind === "joint")
        .map((shape) => shape.joint)
        .sort(),
    ).toEqual([...joints].sort());
    for (let i = 1; i < list.length; i++) {
      expect((list[i - 1]?.depth ?? 0) >= (list[i]?.depth ?? 0)).toBe(true);
    }
    for (const shape of list) {
      if (shape.kind !== "joint") continue;
      expect(Math.abs(shape.at[0])).toBeLessThan(210);
      expect(shape.at[1]).toBeGreaterThan(-215);
      expect(shape.at[1]).toBeLessThan(185);
    }
  });
  it("shows the robot's left hand on the right from the front and on the left from behind", () => {
    const x = (yaw: number) => {
      const elbow = shapesOf(standing, { yaw, pitch: 0 }).find((s) => s.kind === "joint" && s.joint === "elbow_left");
      return elbow?.kind === "joint" ? elbow.at[0] : 0;
    };
    expect(x(0)).toBeGreaterThan(50);
    expect(x(180)).toBeLessThan(-50);
  });
  it("shows the visor from the front only", () => {
    const visor = (yaw: number) =>
      shapesOf(standing, { yaw, pitch: 0 }).filter((s) => s.kind === "face" && s.part === "visor").length;
    expect(visor(0)).toBe(1);
    expect(visor(180)).toBe(0);
  });
  it("lies flat when the robot lies", () => {
    const lying = shapesOf(place(skeleton(stand), rootFromAngles(0, 90)), { yaw: 90, pitch: 0 });
    const ys = lying.flatMap((s) => (s.kind === "joint" ? [s.at[1]] : []));
    expect(Math.max(...ys) - Math.min(...ys)).toBeLessThan(130);
  });
});
