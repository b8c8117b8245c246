/** The 18 joints that the figure has. */
export const joints = [
  "ankle_roll_left",
  "ankle_pitch_left",
  "knee_left",
  "hip_pitch_left",
  "hip_roll_left",
  "elbow_left",
  "shoulder_roll_left",
  "shoulder_pitch_left",
  "ankle_roll_right",
  "ankle_pitch_right",
  "knee_right",
  "hip_pitch_right",
  "hip_roll_right",
  "elbow_right",
  "shoulder_roll_right",
  "shoulder_pitch_right",
  "head_tilt",
  "head_pan",
] as const;

export type Joint = (typeof joints)[number];

/** Which servo moves which joint. */
export type ServoMap = ReadonlyMap<string, Joint>;

/** servo_1 … servo_16 are the bus servos in the order of `joints`, 17 and 18 the head's. */
export const fullBody: ServoMap = new Map(joints.map((joint, i) => [`servo_${i + 1}`, joint]));

/** The original Python clients report six servos under the same names, with other meanings. */
export const originalClient: ServoMap = new Map<string, Joint>([
  ["servo_1", "hip_pitch_left"],
  ["servo_2", "knee_left"],
  ["servo_3", "hip_pitch_right"],
  ["servo_4", "knee_right"],
  ["servo_5", "head_pan"],
  ["servo_6", "head_tilt"],
]);

const servoNumber = (source: string): number => Number(/^servo_(\d+)$/.exec(source)?.[1] ?? 0);

/** Chooses the map for a robot by the servos that it reports: an original client never has a seventh. */
export function servoMap(sources: Iterable<string>): ServoMap {
  let highest = 0;
  for (const source of sources) highest = Math.max(highest, servoNumber(source));
  return highest >= 1 && highest <= 6 ? originalClient : fullBody;
}

/** Orders servo_2 before servo_10. */
export function bySource(a: string, b: string): number {
  return servoNumber(a) - servoNumber(b) || a.localeCompare(b);
}
