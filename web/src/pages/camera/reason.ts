import type { Key } from "@/i18n/translate";
import type { StreamState } from "./stream";

/** Why there is no picture. */
export interface Reason {
  kind: "connecting" | "none" | "down" | "offline" | "lost" | "hidden";
  /** What the server says of it. */
  detail: string;
  help: Key | undefined;
}

interface Camera {
  url_known: boolean;
  state: "live" | "connecting" | "down" | "none";
  message: string;
}

/** Reports whether a stream is worth asking for. */
export const worthAsking = (online: boolean, camera: Camera | undefined): boolean =>
  online && camera?.url_known === true;

/** Finds why there is no picture; undefined when there is one. */
export function reasonOf(
  online: boolean,
  camera: Camera | undefined,
  stream: Pick<StreamState, "phase">,
): Reason | undefined {
  if (!online) return { kind: "offline", detail: "", help: "camera.offline_help" };
  if (!camera) return { kind: "connecting", detail: "", help: undefined };
  if (!camera.url_known) return { kind: "none", detail: "", help: "camera.none_help" };
  if (stream.phase === "live") return undefined;
  if (stream.phase === "paused") return { kind: "hidden", detail: "", help: undefined };
  if (camera.state === "down") return { kind: "down", detail: camera.message, help: "camera.again" };
  if (stream.phase === "lost") return { kind: "lost", detail: "", help: "camera.again" };
  return { kind: "connecting", detail: "", help: "camera.connecting_help" };
}
