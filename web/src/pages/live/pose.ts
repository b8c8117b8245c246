import { useMemo } from "react";
import { useReading, useReadings, useValues } from "@/live/hooks";
import { type Joint, joints, type ServoMap, servoMap } from "@/parts/body/joints";
import { type Angles, rootFromAngles, rootFromFeet, rootFromGravity, skeleton } from "@/parts/body/kinematics";
import { poseFor } from "@/parts/body/poses";
import type { Rotation, Vec } from "@/parts/body/vector";

/** What is known about one joint. */
export interface JointState {
  joint: Joint;
  source: string;
  angle: number | undefined;
  celsius: number | undefined;
  time: number | undefined;
}

export type JointStates = ReadonlyMap<Joint, JointState>;

export function useServoMap(robot: string): ServoMap {
  const positions = useReadings(robot, "servo_position");
  const temperatures = useReadings(robot, "servo_temperature");
  const names = [...positions, ...temperatures].map((reading) => reading.source).join(" ");
  return useMemo(() => servoMap(names.split(" ")), [names]);
}

/** Angle and temperature of every joint that the robot reports. */
export function useJoints(robot: string): JointStates {
  const map = useServoMap(robot);
  const positions = useValues(robot, "servo_position");
  const temperatures = useValues(robot, "servo_temperature");
  return useMemo(() => {
    const states = new Map<Joint, JointState>();
    for (const [source, joint] of map) {
      const angle = positions.get(source);
      const celsius = temperatures.get(source);
      if (!angle && !celsius) continue;
      const time = Math.max(angle?.time ?? 0, celsius?.time ?? 0);
      states.set(joint, { joint, source, angle: angle?.value, celsius: celsius?.value, time });
    }
    return states;
  }, [map, positions, temperatures]);
}

/** What the robot feels as up, as (forward, left, up): from its orientation, else from its accelerometer. */
export function useGravity(robot: string): Vec | undefined {
  const roll = useReading(robot, "orientation", "roll")?.value;
  const pitch = useReading(robot, "orientation", "pitch")?.value;
  const x = useReading(robot, "acceleration", "accelerometer_x")?.value;
  const y = useReading(robot, "acceleration", "accelerometer_y")?.value;
  const z = useReading(robot, "acceleration", "accelerometer_z")?.value;
  return useMemo(() => {
    if (roll !== undefined && pitch !== undefined) {
      // The third row of a rotation is where the room's up is in the body: (left, back, up).
      const [left, back, up] = rootFromAngles(roll, pitch)[2];
      return [-back, left, up];
    }
    return x === undefined || y === undefined || z === undefined ? undefined : [x, y, z];
  }, [roll, pitch, x, y, z]);
}

/**
 * The body as numbers that can be eased: an angle for each joint, then what it feels as up in (forward, left, up) in
 * hundredths. Without angles the posture decides; without an IMU the posture or the feet do.
 */
export function poseNumbers(states: JointStates, posture: string, gravity: Vec | undefined): number[] {
  const known = [...states.values()].some((state) => state.angle !== undefined);
  const pose = poseFor(posture);
  const angles: Angles = known ? {} : { ...pose.angles };
  for (const { joint, angle } of states.values()) if (angle !== undefined) angles[joint] = angle;
  const felt = gravity ?? feltIn(pose.root ?? rootFromFeet(skeleton(angles)));
  const size = Math.hypot(...felt) || 1;
  return [...joints.map((joint) => angles[joint] ?? 0), ...felt.map((n) => (100 * n) / size)];
}

function feltIn(root: Rotation): Vec {
  const [left, back, up] = root[2];
  return [-back, left, up];
}

/** Undoes poseNumbers. */
export function poseOf(numbers: readonly number[]): { angles: Angles; root: Rotation } {
  const angles: Angles = {};
  joints.forEach((joint, i) => {
    angles[joint] = numbers[i] ?? 0;
  });
  const [forward = 0, left = 0, up = 1] = numbers.slice(joints.length);
  return { angles, root: rootFromGravity([forward, left, up]) };
}
