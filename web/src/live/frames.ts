import type { Alert, Summary } from "@/api/types";

/** One value on the wire: metric, source, value, server time in ms. */
export type WireReading = [metric: string, source: string, value: number, time: number];

/** Something that happened to a robot and is not a value. */
export interface LiveEvent {
  kind: "log" | "job" | "detections" | "connection";
  time: number;
  data: Record<string, unknown>;
}

export interface RobotFrame {
  summary?: Summary;
  readings?: WireReading[];
  events?: LiveEvent[];
}

interface Body {
  time: number;
  fleet?: Summary[] | null;
  alerts?: Alert[] | null;
  pending?: number;
  robots?: Record<string, RobotFrame>;
}

/** Everything that is watched, as it is now. It takes the place of whatever was known. */
export interface StateFrame extends Body {
  type: "state";
  id: number;
}

/** What changed since the frame before. */
export interface ChangeFrame extends Body {
  type: "frame";
  removed?: string[];
}

export interface HelloFrame {
  type: "hello";
  session: string;
  time: number;
  version: string;
  role: string;
}

export type ServerFrame = HelloFrame | StateFrame | ChangeFrame;
