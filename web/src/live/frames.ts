import type { Alert, Command, Job, Lease, LogEntry, ScanRecord, Summary } from "@/api/types";

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
  /** In a state the last 50, in a change those that changed. */
  commands?: Command[] | null;
  leases?: Lease[] | null;
  /** In a state the active ones, in a change those that changed. */
  jobs?: Job[] | null;
  scans?: ScanRecord[] | null;
  /** Oldest first, at most 200 a frame. */
  logs?: LogEntry[] | null;
  /** How many lines this browser was too slow for. */
  logs_skipped?: number;
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

/** The answer to one beat. */
export interface DrivenFrame {
  type: "driven";
  robot: string;
  seq: number;
  ok: boolean;
  detail?: string;
}

/** The answer to a stop: what was sent, one command a robot. */
export interface StoppedFrame {
  type: "stopped";
  id: string;
  ok: boolean;
  detail?: string;
  commands?: Command[] | null;
}

export type ServerFrame = HelloFrame | StateFrame | ChangeFrame | DrivenFrame | StoppedFrame;

/** One beat of driving: shares from −1 to 1, speed from 0 to 1, times in ms by the server's clock. */
export interface DriveFrame {
  type: "drive";
  robot: string;
  forward: number;
  turn: number;
  strafe: number;
  speed: number;
  seq: number;
  sent: number;
}

/** A stop of one robot, or of all when `robot` is empty. The ID makes it count once, however often and by whichever way it is sent. */
export interface StopFrame {
  type: "stop";
  id: string;
  robot: string;
  reason: string;
  clicked: number;
}

/** What the page tells the server besides what it watches. */
export type ClientFrame = DriveFrame | StopFrame | { type: "let_go" };
