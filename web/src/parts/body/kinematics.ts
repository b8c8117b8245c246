import { type Joint, joints } from "./joints";
import { about, add, between, compose, identity, type Rotation, turn, unit, type Vec } from "./vector";

/** Angle of each joint in degrees, all 0 standing straight. A joint that is left out is straight. */
export type Angles = Partial<Record<Joint, number>>;

/** Where every part of the body is. */
export interface Skeleton {
  joints: Readonly<Record<Joint, Vec>>;
  /** Ends that no joint has: finger tips, middles of the soles. */
  ends: Readonly<Record<"hand_left" | "hand_right" | "sole_left" | "sole_right", Vec>>;
  /** How the rigid parts that are drawn as boxes are turned. */
  turned: Readonly<Record<"torso" | "head" | "foot_left" | "foot_right", Rotation>>;
  /** The middle between the hips; the torso stands on it. */
  pelvis: Vec;
}

type Side = "left" | "right";
type Link = readonly [joint: Joint, axis: Vec, toNext: Vec];

const axisX: Vec = [1, 0, 0];
const axisY: Vec = [0, 1, 0];
const axisZ: Vec = [0, 0, 1];
const axisBackY: Vec = [0, -1, 0];

export const soleSize: Vec = [0.0785, 0.11, 0.012];

// Lengths in metres, from the sole up: the chain of a leg reaches the floor when it is straight.
function leg(side: Side): readonly Link[] {
  const out = side === "left" ? 1 : -1;
  return [
    [`hip_roll_${side}`, axisY, [0, 0, -0.0465]],
    [`hip_pitch_${side}`, axisX, [0, 0, -0.0591]],
    [`knee_${side}`, axisX, [0, 0, -0.0581]],
    [`ankle_pitch_${side}`, axisX, [0, 0, -0.0465]],
    [`ankle_roll_${side}`, axisY, [out * 0.0163, 0.006, -0.013]],
  ];
}

function arm(side: Side): readonly Link[] {
  const out = side === "left" ? 1 : -1;
  return [
    [`shoulder_pitch_${side}`, axisX, [out * 0.0334, 0, 0.0009]],
    [`shoulder_roll_${side}`, axisBackY, [out * 0.0084, 0, -0.0574]],
    // The hand's own joint does not turn in this figure: wrist and finger tip are one piece.
    [`elbow_${side}`, axisBackY, [-out * 0.0146, 0, -0.0607 - 0.064]],
  ];
}

const head: readonly Link[] = [
  ["head_pan", axisZ, [0, -0.0057, 0.0271]],
  ["head_tilt", axisX, [0, 0, 0]],
];

const hip = (side: Side): Vec => [side === "left" ? 0.0328 : -0.0328, -0.0003, 0.2227];
const shoulder = (side: Side): Vec => [side === "left" ? 0.0501 : -0.0501, -0.0002, 0.2949];
const neck: Vec = [0, -0.0037, 0.3205];
const pelvis: Vec = [0, 0, 0.2227];

/** Computes where the parts are, in the frame of the torso: x left, −y forward, z up, origin on the floor of a straight stand. */
export function skeleton(angles: Angles): Skeleton {
  const places = {} as Record<Joint, Vec>;
  const follow = (start: Vec, chain: readonly Link[]): [Vec, Rotation] => {
    let at = start;
    let turned: Rotation = identity;
    for (const [joint, axis, toNext] of chain) {
      places[joint] = at;
      turned = compose(turned, about(axis, angles[joint] ?? 0));
      at = add(at, turn(turned, toNext));
    }
    return [at, turned];
  };
  const [soleLeft, footLeft] = follow(hip("left"), leg("left"));
  const [soleRight, footRight] = follow(hip("right"), leg("right"));
  const [handLeft] = follow(shoulder("left"), arm("left"));
  const [handRight] = follow(shoulder("right"), arm("right"));
  const [, headTurned] = follow(neck, head);
  return {
    joints: places,
    ends: { hand_left: handLeft, hand_right: handRight, sole_left: soleLeft, sole_right: soleRight },
    turned: { torso: identity, head: headTurned, foot_left: footLeft, foot_right: footRight },
    pelvis,
  };
}

/** Turns the whole body, then puts its lowest sole corner, hand, knee or head on the floor (or `lift` above it). */
export function place(body: Skeleton, root: Rotation, lift = 0): Skeleton {
  const map = <K extends string>(points: Readonly<Record<K, Vec>>, change: (v: Vec) => Vec) =>
    Object.fromEntries(Object.entries<Vec>(points).map(([key, v]) => [key, change(v)])) as Record<K, Vec>;
  const rotated: Skeleton = {
    joints: map(body.joints, (v) => turn(root, v)),
    ends: map(body.ends, (v) => turn(root, v)),
    turned: {
      torso: compose(root, body.turned.torso),
      head: compose(root, body.turned.head),
      foot_left: compose(root, body.turned.foot_left),
      foot_right: compose(root, body.turned.foot_right),
    },
    pelvis: turn(root, body.pelvis),
  };
  const [px, py] = rotated.pelvis;
  const shift: Vec = [-px, -py, lift - lowest(rotated)];
  const moved = (v: Vec) => add(v, shift);
  return {
    ...rotated,
    joints: map(rotated.joints, moved),
    ends: map(rotated.ends, moved),
    pelvis: moved(rotated.pelvis),
  };
}

// A joint is in the middle of its servo; this is about half of one.
const thickness = 0.02;

function lowest(body: Skeleton): number {
  let low = Number.POSITIVE_INFINITY;
  for (const joint of joints) low = Math.min(low, body.joints[joint][2] - thickness);
  for (const side of ["left", "right"] as const) {
    low = Math.min(low, body.ends[`hand_${side}`][2] - thickness);
    for (const corner of soleCorners(body, side)) low = Math.min(low, corner[2]);
  }
  return low;
}

export function soleCorners(body: Skeleton, side: Side): Vec[] {
  const [w, d] = [soleSize[0] / 2, soleSize[1] / 2];
  const around: Vec[] = [
    [-w, -d, 0],
    [w, -d, 0],
    [w, d, 0],
    [-w, d, 0],
  ];
  return around.map((v) => add(body.ends[`sole_${side}`], turn(body.turned[`foot_${side}`], v)));
}

const up: Vec = [0, 0, 1];

/** How the torso is turned when both feet stand flat, for a robot that tells nothing of its attitude. */
export function rootFromFeet(body: Skeleton): Rotation {
  const mean = add(turn(body.turned.foot_left, up), turn(body.turned.foot_right, up));
  return between(unit(mean), up);
}

/** How the torso is turned by what the accelerometer feels: forward, left, up, in any unit. At rest that is straight up. */
export function rootFromGravity([forward, left, upward]: Vec): Rotation {
  return between([left, -forward, upward], up);
}

/** How the torso is turned by angles in degrees: roll to the right, pitch forward. */
export function rootFromAngles(roll: number, pitch: number): Rotation {
  const [r, p] = [(roll * Math.PI) / 180, (pitch * Math.PI) / 180];
  return rootFromGravity([-Math.sin(p), Math.cos(p) * Math.sin(r), Math.cos(p) * Math.cos(r)]);
}

/** How far the torso leans forward in degrees (back: negative) under a rotation. */
export function lean(root: Rotation): number {
  const torso = turn(root, up);
  return (Math.atan2(-torso[1], torso[2]) * 180) / Math.PI;
}

/** Attitude in degrees from the accelerometer (forward, left, up): roll to the right and pitch forward are positive. */
export function attitude([forward, left, upward]: Vec): { roll: number; pitch: number } {
  return {
    roll: (Math.atan2(left, upward) * 180) / Math.PI,
    pitch: (Math.atan2(-forward, Math.hypot(left, upward)) * 180) / Math.PI,
  };
}
