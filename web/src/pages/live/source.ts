import { jointName } from "@/format/joint";
import type { Translate } from "@/i18n/translate";
import { fullBody, originalClient } from "@/parts/body/joints";

/** Names a servo for a person by the joint that it moves. */
export function sourceName(source: string, original: boolean, t: Translate): string {
  const joint = (original ? originalClient : fullBody).get(source);
  return joint ? jointName(joint, t) : source;
}
