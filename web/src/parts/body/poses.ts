import type { Joint } from "./joints";
import type { Angles } from "./kinematics";
import { about, identity, type Rotation } from "./vector";

type Servo = readonly [joint: Joint, zero: number, sign: 1 | -1];

// Zero pulse and direction of the sixteen bus servos in the order of their ids.
const servos: readonly Servo[] = [
  ["ankle_roll_left", 498, 1],
  ["ankle_pitch_left", 479, 1],
  ["knee_left", 247, 1],
  ["hip_pitch_left", 413, -1],
  ["hip_roll_left", 508, -1],
  ["elbow_left", 500, -1],
  ["shoulder_roll_left", 870, -1],
  ["shoulder_pitch_left", 664, 1],
  ["ankle_roll_right", 495, 1],
  ["ankle_pitch_right", 515, -1],
  ["knee_right", 762, -1],
  ["hip_pitch_right", 584, 1],
  ["hip_roll_right", 500, -1],
  ["elbow_right", 516, -1],
  ["shoulder_roll_right", 129, -1],
  ["shoulder_pitch_right", 337, -1],
];

/** Joint angles for pulses (0–1000) of servos 1 to 16. */
export function anglesOf(pulses: readonly number[]): Angles {
  const angles: Angles = {};
  servos.forEach(([joint, zero, sign], i) => {
    const pulse = pulses[i];
    if (pulse !== undefined) angles[joint] = sign * (pulse - zero) * 0.24;
  });
  return angles;
}

/** How the robot stands after it was switched on. */
export const stand: Angles = anglesOf([500, 388, 500, 594, 500, 575, 800, 725, 500, 612, 500, 406, 500, 425, 200, 275]);

const walk: Angles = {
  ...stand,
  hip_pitch_left: -68,
  knee_left: 58,
  ankle_pitch_left: -4,
  hip_pitch_right: -14,
  knee_right: 46,
  ankle_pitch_right: -22,
  shoulder_pitch_left: 38,
  shoulder_pitch_right: -32,
};

const sit: Angles = {
  ...stand,
  hip_pitch_left: -98,
  hip_pitch_right: -98,
  knee_left: 118,
  knee_right: 118,
  ankle_pitch_left: -24,
  ankle_pitch_right: -24,
};

/** A posture as the figure shows it: angles, how the body is turned (feet decide if left out), height above the floor. */
export interface Pose {
  angles: Angles;
  root?: Rotation;
  lift?: number;
}

const poses: Record<string, Pose> = {
  standing: { angles: stand },
  walking: { angles: walk },
  sitting: { angles: sit },
  leaning: { angles: stand, root: about([0, 1, 0], 24) },
  fallen_front: { angles: stand, root: about([1, 0, 0], 88) },
  fallen_back: { angles: stand, root: about([1, 0, 0], -88) },
  fallen_side: { angles: stand, root: about([0, 1, 0], 86) },
  held: { angles: {}, root: identity, lift: 0.07 },
};

/** The pose for a posture word; a word that is not known stands. */
export const poseFor = (posture: string): Pose => poses[posture] ?? { angles: stand };
