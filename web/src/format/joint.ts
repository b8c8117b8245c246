import type { Translate } from "@/i18n/translate";
import type { Joint } from "@/parts/body/joints";

/** Writes a joint's name for a person: "Left knee". */
export function jointName(joint: Joint, t: Translate): string {
  if (joint === "head_pan" || joint === "head_tilt") return t(`joint.${joint}`);
  const side = joint.endsWith("_left") ? "left" : "right";
  const part = joint.slice(0, joint.lastIndexOf("_")) as Parts;
  const name = t(`joint.${side}`, { joint: t(`joint.${part}`) });
  return name.charAt(0).toUpperCase() + name.slice(1);
}

type Parts =
  | "ankle_roll"
  | "ankle_pitch"
  | "knee"
  | "hip_pitch"
  | "hip_roll"
  | "elbow"
  | "shoulder_roll"
  | "shoulder_pitch";
