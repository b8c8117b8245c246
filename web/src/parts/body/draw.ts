import { type Joint, joints } from "./joints";
import { type Skeleton, soleCorners, soleSize } from "./kinematics";
import { about, add, compose, cross, dot, mix, type Rotation, sub, turn, unit, type Vec } from "./vector";

/** From where the figure is looked at: degrees around it (0: from its front), degrees above the horizon. */
export interface Camera {
  yaw: number;
  pitch: number;
}

export const frontView: Camera = { yaw: 28, pitch: 12 };

type Point = readonly [x: number, y: number];

/** What is painted. Coordinates are in the units of the view box (millimetres around the middle of the figure). */
export type Shape =
  | { kind: "limb"; from: Point; to: Point; width: number; light: number; joint: Joint; depth: number }
  | { kind: "face"; points: readonly Point[]; light: number; part: "torso" | "head" | "foot" | "visor"; depth: number }
  | { kind: "joint"; at: Point; radius: number; joint: Joint; depth: number };

const distance = 1.5; // metres from the eye to the middle of the figure
const middle: Vec = [0, 0, 0.165];
const towardsLight = unit([-0.35, -0.75, 0.75]);

function view({ yaw, pitch }: Camera): Rotation {
  return compose(about([1, 0, 0], pitch), about([0, 0, 1], yaw));
}

interface Seen {
  at: Point;
  depth: number; // larger is farther
  zoom: number; // millimetres of the picture for a metre of the body
}

function see(v: Vec, camera: Rotation): Seen {
  const [x, y, z] = turn(camera, sub(v, middle));
  const zoom = (1000 * distance) / (distance + y);
  return { at: [x * zoom, -z * zoom], depth: y, zoom };
}

type Limb = readonly [from: Joint, to: Joint | keyof Skeleton["ends"], radius: number];

const limbsOf = (side: "left" | "right"): readonly Limb[] => [
  [`hip_roll_${side}`, `hip_pitch_${side}`, 0.017],
  [`hip_pitch_${side}`, `knee_${side}`, 0.0175],
  [`knee_${side}`, `ankle_pitch_${side}`, 0.016],
  [`ankle_pitch_${side}`, `ankle_roll_${side}`, 0.015],
  [`shoulder_pitch_${side}`, `shoulder_roll_${side}`, 0.016],
  [`shoulder_roll_${side}`, `elbow_${side}`, 0.0145],
  [`elbow_${side}`, `hand_${side}`, 0.0125],
];

const limbs: readonly Limb[] = [...limbsOf("left"), ...limbsOf("right"), ["head_pan", "head_tilt", 0.013]];

const radii: Partial<Record<string, number>> = {
  head_pan: 0.012,
  head_tilt: 0.012,
  elbow: 0.014,
  shoulder_roll: 0.0145,
};

/** Lists everything to paint, the farthest first. */
export function shapesOf(body: Skeleton, camera: Camera): Shape[] {
  const r = view(camera);
  const all: Shape[] = [
    ...limbs.map((limb) => limbShape(body, limb, r)),
    ...boxes(body).flatMap((box) => faces(box, r)),
  ];
  for (const joint of joints) {
    const { at, depth, zoom } = see(body.joints[joint], r);
    const radius = radii[joint.replace(/_(left|right)$/, "")] ?? 0.0165;
    // A joint is painted onto its limbs: its front is nearer than its middle.
    all.push({ kind: "joint", at, radius: radius * zoom, joint, depth: depth - 0.022 });
  }
  return all.sort((a, b) => b.depth - a.depth);
}

function limbShape(body: Skeleton, [from, to, radius]: Limb, camera: Rotation): Shape {
  const start = body.joints[from];
  const end = to in body.joints ? body.joints[to as Joint] : body.ends[to as keyof Skeleton["ends"]];
  const a = see(start, camera);
  const b = see(end, camera);
  // A round limb is brightest where its side faces the light: the more it points at the light, the less it shows.
  const along = dot(unit(sub(end, start)), towardsLight);
  const light = 0.35 + 0.55 * Math.sqrt(Math.max(0, 1 - along * along));
  return {
    kind: "limb",
    from: a.at,
    to: b.at,
    width: 2 * radius * ((a.zoom + b.zoom) / 2),
    light,
    joint: from,
    depth: (a.depth + b.depth) / 2,
  };
}

interface Box {
  part: "torso" | "head" | "foot" | "visor";
  corners: readonly Vec[]; // bottom four, then top four, same order
}

function boxes(body: Skeleton): Box[] {
  const { torso, head } = body.turned;
  const chest = mix(body.joints.shoulder_pitch_left, body.joints.shoulder_pitch_right, 0.5);
  const skull = add(body.joints.head_tilt, turn(head, [0, -0.004, 0.026]));
  const list: Box[] = [
    box("torso", add(chest, turn(torso, [0, 0.002, -0.02])), torso, [0.066, 0.056, 0.092], 0.9),
    box("torso", add(body.pelvis, turn(torso, [0, 0.002, 0.012])), torso, [0.074, 0.046, 0.024], 1),
    box("head", skull, head, [0.07, 0.05, 0.046], 1),
    box("visor", add(skull, turn(head, [0, -0.0258, 0.003])), head, [0.054, 0.001, 0.022], 1),
  ];
  for (const side of ["left", "right"] as const) {
    const bottom = soleCorners(body, side);
    const up = turn(body.turned[`foot_${side}`], [0, 0, soleSize[2]]);
    list.push({ part: "foot", corners: [...bottom, ...bottom.map((v) => add(v, up))] });
  }
  return list;
}

function box(part: Box["part"], centre: Vec, turned: Rotation, [w, d, h]: Vec, foot: number): Box {
  const layer = (z: number, f: number): Vec[] => [
    [-w * f * 0.5, -d * 0.5, z],
    [w * f * 0.5, -d * 0.5, z],
    [w * f * 0.5, d * 0.5, z],
    [-w * f * 0.5, d * 0.5, z],
  ];
  return { part, corners: [...layer(-h / 2, foot), ...layer(h / 2, 1)].map((v) => add(centre, turn(turned, v))) };
}

const sides = [
  [0, 1, 5, 4],
  [1, 2, 6, 5],
  [2, 3, 7, 6],
  [3, 0, 4, 7],
  [4, 5, 6, 7],
  [3, 2, 1, 0],
] as const;

/** The faces of a box that look at the eye. */
function faces({ part, corners }: Box, camera: Rotation): Shape[] {
  const visible: Shape[] = [];
  const seen = corners.map((v) => see(v, camera));
  const centre = seen.reduce((sum, { depth }) => sum + depth, 0) / seen.length;
  for (const side of part === "visor" ? sides.slice(0, 1) : sides) {
    const [a, b, c] = side.map((i) => corners[i]) as [Vec, Vec, Vec];
    const normal = unit(cross(sub(b, a), sub(c, b)));
    const [nx, ny, nz] = turn(camera, normal);
    const [x, y, z] = turn(camera, sub(a, middle));
    // With perspective a face is seen when its normal points to the eye, not merely to the picture.
    if (nx * x + ny * (y + distance) + nz * z >= 0) continue;
    const light = 0.3 + 0.7 * Math.max(0, dot(normal, towardsLight));
    // All faces of a box share its depth, so that a limb is before or behind the box as a whole; the visor lies on the head.
    const nearer = part === "visor" ? 0.03 : ny * -0.001;
    visible.push({ kind: "face", points: side.map((i) => (seen[i] as Seen).at), light, part, depth: centre - nearer });
  }
  return visible;
}

/** The shadow on the floor below a body: an ellipse around its middle. */
export function shadow(camera: Camera): { at: Point; rx: number; ry: number } {
  const { at, zoom } = see([0, 0, 0], view(camera));
  return { at, rx: 0.135 * zoom, ry: Math.max(4, 0.135 * zoom * Math.abs(Math.sin((camera.pitch * Math.PI) / 180))) };
}
