import type { Summary } from "@/api/types";
import { jointName } from "@/format/joint";
import type { Translate } from "@/i18n/translate";
import { fullBody, originalClient } from "@/parts/body/joints";

/** Names the hottest joint. Only the original Python clients do not name their program. */
export function hottestName(robot: Summary, t: Translate): string | undefined {
  const source = robot.hottest_joint?.source;
  if (source === undefined) return undefined;
  const joint = (robot.agent === "" ? originalClient : fullBody).get(source);
  return joint ? jointName(joint, t) : source;
}
