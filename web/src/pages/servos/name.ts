import { jointName } from "@/format/joint";
import type { Translate } from "@/i18n/translate";
import type { Servo } from "./servos";

/** Names a servo by the joint that it moves. */
export const servoName = (servo: Pick<Servo, "joint" | "source">, t: Translate): string =>
  servo.joint ? jointName(servo.joint, t) : servo.source;
