import { describe, expect, it } from "vitest";
import { fullBody, originalClient, servoMap } from "./joints";
import {
  attitude,
  lean,
  place,
  rootFromAngles,
  rootFromFeet,
  rootFromGravity,
  skeleton,
  soleCorners,
} from "./kinematics";
import { anglesOf, poseFor, stand } from "./poses";
import { about, between, compose, identity, transpose, turn, type Vec } from "./vector";

const near = (got: Vec, want: Vec, within = 1e-6) => {
  for (const i of [0, 1, 2] as const) expect(Math.abs(got[i] - want[i]), `${got} is not ${want}`).toBeLessThan(within);
};

describe("straight body", () => {
  const body = skeleton({});
  it("stands on the floor", () => {
    near(body.ends.sole_left, [0.0491, 0.0057, -0.0005]);
    near(body.ends.sole_right, [-0.0491, 0.0057, -0.0005]);
  });
  it("is symmetric and as tall as the robot", () => {
    for (const part of ["knee", "elbow", "shoulder_roll", "ankle_roll"] as const) {
      const [x, y, z] = body.joints[`${part}_left`];
      near(body.joints[`${part}_right`], [-x, y, z]);
    }
    expect(body.joints.head_tilt[2]).toBeGreaterThan(0.33);
    expect(body.joints.head_tilt[2]).toBeLessThan(0.373);
  });
});

describe("directions", () => {
  const straight = skeleton({});
  const posed = (angles: Parameters<typeof skeleton>[0]) => skeleton(angles);
  it("bends the knee backwards", () => {
    expect(posed({ knee_left: 40 }).ends.sole_left[1]).toBeGreaterThan(straight.ends.sole_left[1] + 0.05);
  });
  it("swings the thigh forward when hip pulse 4 rises", () => {
    const raised = posed({ hip_pitch_left: anglesOf([500, 500, 500, 600]).hip_pitch_left ?? 0 });
    expect(raised.joints.knee_left[1]).toBeLessThan(straight.joints.knee_left[1] - 0.03);
  });
  it("lifts the arm forward when pulse 8 falls and outward when pulse 7 falls", () => {
    const pulses = [500, 479, 247, 413, 508, 500, 870, 664];
    const forward = posed(anglesOf([...pulses.slice(0, 7), 289]));
    expect(forward.ends.hand_left[1]).toBeLessThan(-0.15);
    const outward = posed(anglesOf([...pulses.slice(0, 6), 500, 664]));
    expect(outward.ends.hand_left[0]).toBeGreaterThan(0.25);
    expect(Math.abs(outward.ends.hand_left[2] - outward.joints.shoulder_roll_left[2])).toBeLessThan(0.03);
  });
  it("raises the right arm outward to the right", () => {
    expect(posed({ shoulder_roll_right: -90 }).ends.hand_right[0]).toBeLessThan(-0.25);
  });
  it("looks left and up with positive pan and negative tilt", () => {
    const { head } = posed({ head_pan: 30, head_tilt: -20 }).turned;
    const gaze = turn(head, [0, -1, 0]);
    expect(gaze[0]).toBeGreaterThan(0.4);
    expect(gaze[2]).toBeGreaterThan(0.3);
  });
});

describe("stand pose", () => {
  it("leans forward by 0 to 4 degrees on flat feet", () => {
    const degrees = lean(rootFromFeet(skeleton(stand)));
    expect(degrees).toBeGreaterThan(0);
    expect(degrees).toBeLessThan(4);
  });
  it("has both soles nearly flat on the floor (the zero pulses differ by some units from left to right)", () => {
    const body = skeleton(stand);
    const placed = place(body, rootFromFeet(body));
    for (const side of ["left", "right"] as const) {
      for (const corner of soleCorners(placed, side)) expect(Math.abs(corner[2])).toBeLessThan(0.012);
    }
    expect(placed.pelvis[2]).toBeGreaterThan(0.18);
  });
  it("leans by about 27 degrees when it bows", () => {
    const bow = {
      ...stand,
      hip_pitch_left: (stand.hip_pitch_left ?? 0) - 23,
      hip_pitch_right: (stand.hip_pitch_right ?? 0) - 23,
    };
    expect(lean(rootFromFeet(skeleton(bow)))).toBeCloseTo(27, -0.5);
  });
});

describe("attitude", () => {
  const g = 9.81;
  it.each([
    ["upright", [0, 0, g], 0, 0],
    ["on its front", [-g, 0, 0], 0, 90],
    ["on its back", [g, 0, 0], 0, -90],
    ["30° to the right", [0, g / 2, g * Math.cos(Math.PI / 6)], 30, 0],
    ["20° forward", [-g * Math.sin(Math.PI / 9), 0, g * Math.cos(Math.PI / 9)], 0, 20],
  ] as const)("knows %s", (_, felt, roll, pitch) => {
    const got = attitude(felt);
    expect(got.pitch).toBeCloseTo(pitch, 6);
    if (Math.abs(pitch) < 89) expect(got.roll).toBeCloseTo(roll, 6);
  });
  it("turns by angles as by the gravity that they mean", () => {
    const [roll, pitch] = [25, -40];
    const felt = turn(transpose(rootFromAngles(roll, pitch)), [0, 0, 1]);
    const got = attitude([-felt[1], felt[0], felt[2]]);
    expect(got.roll).toBeCloseTo(roll, 6);
    expect(got.pitch).toBeCloseTo(pitch, 6);
  });
  it("lays the body on its front with the head forward", () => {
    const body = place(skeleton({}), rootFromGravity([-g, 0, 0]));
    expect(body.joints.head_tilt[1]).toBeLessThan(body.ends.sole_left[1] - 0.25);
    expect(body.joints.head_tilt[2]).toBeLessThan(0.1);
  });
  it("tips to the right when the left side feels up", () => {
    const body = place(skeleton({}), rootFromGravity([0, g / 2, g]));
    expect(body.joints.head_tilt[0]).toBeLessThan(-0.03);
  });
  it("survives upside down and free fall", () => {
    for (const felt of [
      [0, 0, -g],
      [0, 0, 0],
    ] as const) {
      for (const row of rootFromGravity(felt)) for (const n of row) expect(Number.isFinite(n)).toBe(true);
    }
  });
});

describe("placing", () => {
  it.each(["standing", "walking", "sitting", "leaning", "fallen_front", "fallen_back", "fallen_side", "", "dancing"])(
    "lets %j touch the floor and not sink",
    (posture) => {
      const { angles, root } = poseFor(posture);
      const body = skeleton(angles);
      const placed = place(body, root ?? rootFromFeet(body));
      const heights = [
        ...soleCorners(placed, "left"),
        ...soleCorners(placed, "right"),
        ...Object.values(placed.joints),
      ].map((v) => v[2]);
      expect(Math.min(...heights)).toBeGreaterThanOrEqual(-1e-9);
      expect(Math.min(...heights)).toBeLessThan(0.03);
    },
  );
  it("holds the body above the floor", () => {
    const { angles, root, lift } = poseFor("held");
    expect(place(skeleton(angles), root ?? identity, lift).ends.sole_left[2]).toBeGreaterThan(0.06);
  });
});

describe("rotations", () => {
  it("follow the right hand", () => {
    near(turn(about([1, 0, 0], 90), [0, 1, 0]), [0, 0, 1]);
    near(turn(about([0, 1, 0], 90), [0, 0, 1]), [1, 0, 0]);
    near(turn(about([0, 0, 1], 90), [1, 0, 0]), [0, 1, 0]);
  });
  it("turn one direction into another and back", () => {
    const r = between([1, 2, 3], [-2, 0, 1]);
    const [x, y, z] = turn(r, [1, 2, 3]);
    expect(x / z).toBeCloseTo(-2, 9);
    expect(y).toBeCloseTo(0, 9);
    for (const [i, row] of compose(r, transpose(r)).entries()) near(row, (identity[i] ?? identity[0]) as Vec);
  });
});

describe("servo map", () => {
  it("knows the original client by its six servos", () => {
    const six = ["servo_1", "servo_2", "servo_3", "servo_4", "servo_5", "servo_6"];
    expect(servoMap(six)).toBe(originalClient);
    expect(servoMap(six).get("servo_3")).toBe("hip_pitch_right");
    expect(servoMap([...six, "servo_7"])).toBe(fullBody);
    expect(servoMap([])).toBe(fullBody);
    expect(fullBody.get("servo_17")).toBe("head_tilt");
    expect(fullBody.get("servo_18")).toBe("head_pan");
    expect(fullBody.get("servo_11")).toBe("knee_right");
  });
});
