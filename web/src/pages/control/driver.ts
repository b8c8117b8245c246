import type { ClientFrame, DrivenFrame } from "@/live/frames";
import { add, type Motion, moves, still } from "./motion";

/** What a person drives with; several at once add up. */
export type Hand = "keys" | "stick" | "step" | "pad";

/** How driving stands, for the screen. */
export interface DriverState {
  motion: Motion;
  /** Beats go out. */
  driving: boolean;
  /** Median of the last answers' round trips in ms; undefined before the first answer. */
  roundTrip: number | undefined;
  /** Why driving ended by itself: the server's sentence, or "lost" for a connection that does not answer. */
  ended: { reason: "refused"; detail: string } | { reason: "lost" } | undefined;
}

export interface DriverOptions {
  robot: string;
  /** Sends now or not at all; reports which. */
  send: (frame: ClientFrame) => boolean;
  /** Server time in ms. */
  now: () => number;
}

/** Beats a second; the server and the robot expect at least ten. */
export const rate = 15;
/** Beats say "stand" for a second after the last push: the next push within it needs no new start. */
const lingers = 1000;
/** A connection that leaves a beat unanswered for so long does not carry driving: no more is sent into it. */
export const answerWithin = 1000;
const measured = 15;

/**
 * Driver turns what hands want into beats. It stands when the last hand lets go, and ends (stands, then lets go) when
 * the page loses the person or the connection. After an end every hand must let go before it counts again.
 */
export class Driver {
  private readonly hands = new Map<Hand, Motion>();
  private readonly blocked = new Set<Hand>(); // were at it when driving ended, and have not let go since
  private readonly open = new Map<number, number>(); // seq → when it was sent
  private readonly trips: number[] = [];
  private readonly listeners = new Set<() => void>();
  private state: DriverState = { motion: still, driving: false, roundTrip: undefined, ended: undefined };
  private speed = 0.5;
  private seq = 0;
  private first = 0;
  private engaged = false; // the server has heard a beat since the last let_go
  private stillSince: number | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: DriverOptions) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): DriverState => this.state;

  /** Sets the speed as a share of what the robot can, from 0 to 1. */
  setSpeed(speed: number): void {
    this.speed = Math.min(1, Math.max(0, speed));
  }

  /** Says what a hand wants from now on. */
  move(hand: Hand, motion: Motion): void {
    const before = this.state.motion;
    if (!moves(motion)) {
      this.hands.delete(hand);
      this.blocked.delete(hand);
    } else if (this.blocked.has(hand)) return;
    else this.hands.set(hand, motion);
    const wanted = add(this.hands.values());
    if (same(before, wanted)) return;
    this.set({ motion: wanted });
    if (moves(wanted)) this.begin();
    else if (this.timer !== undefined) this.stand();
  }

  /** Stands, whatever hands still hold: the person turned to another part of the page. */
  rest(): void {
    this.block();
    this.set({ motion: still });
    if (this.timer !== undefined) this.stand();
  }

  /** Stands and gives the robot free: the person left the page or the room. */
  letGo(): void {
    this.block();
    if (this.timer !== undefined) {
      this.set({ motion: still });
      this.beat();
    }
    this.end(undefined);
    if (this.engaged) this.options.send({ type: "let_go" });
    this.engaged = false;
  }

  /** Takes the server's answer to a beat. */
  answer(frame: DrivenFrame): void {
    if (frame.robot !== this.options.robot) return;
    const sent = this.open.get(frame.seq);
    this.open.delete(frame.seq);
    if (frame.ok) {
      if (sent !== undefined) this.measure(this.options.now() - sent);
    } else if (this.timer !== undefined && frame.seq >= this.first) {
      this.end({ reason: "refused", detail: frame.detail ?? "" });
    }
  }

  private begin(): void {
    this.engaged = true;
    this.stillSince = undefined;
    if (this.timer === undefined) {
      this.first = this.seq + 1;
      this.open.clear();
      this.timer = setInterval(() => this.tick(), 1000 / rate);
      this.set({ driving: true, ended: undefined });
    }
    this.beat();
  }

  private stand(): void {
    this.stillSince = this.options.now();
    this.beat();
  }

  private tick(): void {
    const now = this.options.now();
    const oldest = this.open.values().next().value;
    if (oldest !== undefined && now - oldest > answerWithin) this.end({ reason: "lost" });
    else if (this.stillSince !== undefined && now - this.stillSince > lingers) this.end(undefined);
    else this.beat();
  }

  private beat(): void {
    const sent = this.options.now();
    const seq = ++this.seq;
    const { motion } = this.state;
    const speed = Math.round(this.speed * 100) / 100;
    const frame = { type: "drive", robot: this.options.robot, ...motion, speed, seq, sent: Math.round(sent) } as const;
    if (this.options.send(frame)) this.open.set(seq, sent);
    else this.end({ reason: "lost" });
  }

  private end(ended: DriverState["ended"]): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.stillSince = undefined;
    this.block();
    this.set({ motion: still, driving: false, ended: ended ?? this.state.ended });
  }

  private block(): void {
    for (const hand of this.hands.keys()) this.blocked.add(hand);
    this.hands.clear();
  }

  private measure(trip: number): void {
    this.trips.push(trip);
    if (this.trips.length > measured) this.trips.shift();
    const sorted = [...this.trips].sort((a, b) => a - b);
    this.set({ roundTrip: sorted[Math.floor(sorted.length / 2)] });
  }

  private set(change: Partial<DriverState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

const same = (a: Motion, b: Motion) => a.forward === b.forward && a.turn === b.turn && a.strafe === b.strafe;
