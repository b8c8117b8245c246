/** Points and directions: x robot left, y back (−y is forward), z up; metres. */
export type Vec = readonly [x: number, y: number, z: number];

/** A rotation by its rows. */
export type Rotation = readonly [Vec, Vec, Vec];

export const identity: Rotation = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

export const add = (a: Vec, b: Vec): Vec => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const sub = (a: Vec, b: Vec): Vec => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vec, f: number): Vec => [a[0] * f, a[1] * f, a[2] * f];
export const dot = (a: Vec, b: Vec): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vec, b: Vec): Vec => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const length = (a: Vec): number => Math.hypot(a[0], a[1], a[2]);
export const mix = (a: Vec, b: Vec, f: number): Vec => add(scale(a, 1 - f), scale(b, f));

export function unit(a: Vec): Vec {
  const l = length(a);
  return l === 0 ? a : scale(a, 1 / l);
}

export const turn = (r: Rotation, v: Vec): Vec => [dot(r[0], v), dot(r[1], v), dot(r[2], v)];

export const transpose = (r: Rotation): Rotation => [
  [r[0][0], r[1][0], r[2][0]],
  [r[0][1], r[1][1], r[2][1]],
  [r[0][2], r[1][2], r[2][2]],
];

/** Does b first, then a. */
export function compose(a: Rotation, b: Rotation): Rotation {
  const columns = transpose(b);
  const row = (v: Vec): Vec => [dot(v, columns[0]), dot(v, columns[1]), dot(v, columns[2])];
  return [row(a[0]), row(a[1]), row(a[2])];
}

/** Rotation about a unit axis by the right hand, in degrees. */
export function about([x, y, z]: Vec, degrees: number): Rotation {
  const angle = (degrees * Math.PI) / 180;
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  const k = 1 - c;
  return [
    [c + x * x * k, x * y * k - z * s, x * z * k + y * s],
    [y * x * k + z * s, c + y * y * k, y * z * k - x * s],
    [z * x * k - y * s, z * y * k + x * s, c + z * z * k],
  ];
}

const degrees = (radians: number): number => (radians * 180) / Math.PI;

/** The shortest rotation that brings direction `from` to direction `to`. */
export function between(from: Vec, to: Vec): Rotation {
  const a = unit(from);
  const b = unit(to);
  const axis = cross(a, b);
  const sine = length(axis);
  const cosine = dot(a, b);
  if (sine < 1e-9) return cosine > 0 ? identity : about([1, 0, 0], 180);
  return about(scale(axis, 1 / sine), degrees(Math.atan2(sine, cosine)));
}
