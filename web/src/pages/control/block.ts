import { useMay } from "@/api/role";
import type { Lease, Summary } from "@/api/types";
import type { Key, Params } from "@/i18n/translate";
import { useConnection } from "@/live/hooks";

/** Why a robot cannot be driven now; undefined when it can. */
export type Block = readonly [key: Key, params?: Params] | undefined;

/** Finds the reason that comes first for a person. */
export function driveBlock(
  robot: Pick<Summary, "agent" | "online" | "emergency_stopped">,
  lease: Lease | undefined,
  may: boolean,
  open: boolean,
): Block {
  if (!may) return ["drive.why_role"];
  if (robot.agent === "") return ["drive.why_original"];
  if (!open) return ["drive.why_connection"];
  if (!robot.online) return ["drive.why_offline"];
  if (robot.emergency_stopped) return ["drive.why_stopped"];
  if (lease?.holder && !lease.mine) return ["drive.why_held", { name: lease.holder }];
  return undefined;
}

export function useDriveBlock(robot: Summary, lease: Lease | undefined): Block {
  const may = useMay("command");
  const { phase } = useConnection();
  return driveBlock(robot, lease, may, phase === "open");
}
