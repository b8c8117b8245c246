import { ApiError } from "@/api/error";
import type { Command } from "@/api/types";
import type { DrivenFrame, StopFrame, StoppedFrame } from "./frames";
import { uuid } from "./uuid";

/** One robot of a stop. */
export interface StopRow {
  robot: string;
  state: "waiting" | "confirmed" | "failed";
  /** From the click to the answer that the body has stopped, in ms; undefined until it is confirmed. */
  latency: number | undefined;
  /** The robot's sentence, or why it was not sent. */
  message: string;
}

/** One press of a stop button and what became of it. */
export interface StopOrder {
  id: string;
  /** "" is all robots. */
  robot: string;
  rows: readonly StopRow[];
  /** A second is over: what has not confirmed must be told loudly. */
  late: boolean;
  /** Why the server could not be told: its sentence, or "network" while the tries go on. */
  failure: string;
}

/** The ways to the server. */
export interface StopWays {
  /** Over the live connection; reports whether it is open. */
  live: (frame: StopFrame) => boolean;
  /** Over HTTP, with the same ID, so that both together count once. */
  http: (frame: StopFrame) => Promise<Command[]>;
  /** How commands stand now. */
  read: (commands: readonly Command[]) => Promise<Command[]>;
  now: () => number;
}

/** How long the live connection may stay silent before HTTP is tried too. */
export const answerWithin = 300;
/** How long a robot may take to confirm before the page shouts. */
export const confirmWithin = 1000;
const retryAfter = 500;
const readEvery = 400;
const givenUpAfter = 30_000;
const kept = 20;

interface Known {
  order: StopOrder;
  answered: boolean;
  commands: Map<string, Command>;
  pressed: number;
  timers: Set<ReturnType<typeof setTimeout>>;
  following: boolean;
  hidden: boolean;
}

/**
 * Stops sends stops at once, by every way that there is, and follows each robot until it says that it stands. One press
 * is one order; a newer order for the same robots takes the place of an older one.
 */
export class Stops {
  private known: Known[] = [];
  private state: readonly StopOrder[] = [];
  private recent: readonly Command[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(private readonly ways: StopWays) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The orders that somebody must still look at, newest first. */
  readonly current = (): readonly StopOrder[] => this.state;

  /** Stops one robot, or all ("") of which the expected ones are shown until the server says who they are. */
  readonly stop = (robot: string, expected: readonly string[], reason = ""): string => {
    const frame: StopFrame = { type: "stop", id: uuid(), robot, reason, clicked: Math.round(this.ways.now()) };
    const sent = this.ways.live(frame); // first of all: everything else may wait
    const rows = (robot ? [robot] : expected).map(waiting);
    const known: Known = {
      order: { id: frame.id, robot, rows, late: false, failure: "" },
      answered: false,
      commands: new Map(),
      pressed: this.ways.now(),
      timers: new Set(),
      following: false,
      hidden: false,
    };
    for (const old of this.known.filter(({ order }) => robot === "" || order.robot === robot)) this.end(old);
    this.known = [known, ...this.known].slice(0, kept);
    if (sent) this.later(known, answerWithin, () => known.answered || void this.byHTTP(known, frame));
    else void this.byHTTP(known, frame);
    this.later(known, confirmWithin, () => {
      this.change(known, { late: true });
      void this.follow(known);
    });
    this.show();
    return frame.id;
  };

  /** Takes an answer of the live connection. */
  readonly answer = (frame: DrivenFrame | StoppedFrame): void => {
    if (frame.type !== "stopped") return;
    const known = this.find(frame.id);
    if (!known) return;
    if (frame.ok || frame.commands?.length) this.sent(known, frame.commands ?? []);
    // What the live connection refuses HTTP may still do: it asks for the proof of who it is anew.
    else if (!known.answered) this.change(known, { failure: frame.detail ?? "" });
  };

  /** Takes commands that changed; those that are no part of an order here are kept for answers that come later. */
  readonly commands = (changed: readonly Command[]): void => {
    this.recent = [...changed, ...this.recent].slice(0, 2000);
    for (const known of this.known) this.take(known, changed);
  };

  /** Reports whether an order on the screen tells how a robot stopped. */
  readonly tells = (robot: string): boolean =>
    this.state.some((order) => order.robot === robot || order.rows.some((row) => row.robot === robot));

  /** Takes an order from the screen: somebody has seen it. What is still to be sent is sent all the same. */
  readonly dismiss = (id: string): void => {
    const known = this.find(id);
    if (known) known.hidden = true;
    this.show();
  };

  /** Ends every timer; for the moment when another person signs in. */
  close(): void {
    for (const known of this.known) this.end(known);
    this.show();
  }

  private async byHTTP(known: Known, frame: StopFrame): Promise<void> {
    while (this.known.includes(known)) {
      try {
        const commands = await this.ways.http(frame);
        this.sent(known, commands);
        void this.follow(known);
        return;
      } catch (error) {
        const final = error instanceof ApiError && error.status >= 400 && error.status < 500;
        const failure = error instanceof ApiError && error.status > 0 ? error.message : "network";
        if (!known.answered) this.change(known, { failure });
        if (final || known.answered || this.ways.now() - known.pressed > givenUpAfter) return;
      }
      await this.pause(known, retryAfter);
    }
  }

  /** Asks how the commands stand, in case that the live connection is away. */
  private async follow(known: Known): Promise<void> {
    if (known.following || !known.answered) return;
    known.following = true;
    while (this.known.includes(known) && this.ways.now() - known.pressed < givenUpAfter) {
      await this.pause(known, readEvery);
      const open = [...known.commands.values()].filter((command) => command.status === "sent");
      if (open.length === 0) return;
      await this.ways.read(open).then(
        (commands) => this.take(known, commands),
        () => undefined, // the next round asks again
      );
    }
  }

  private sent(known: Known, commands: readonly Command[]): void {
    known.answered = true;
    const ids = new Set(commands.map((command) => command.command_id));
    for (const command of commands) this.keep(known, command);
    for (const command of this.recent) if (ids.has(command.command_id)) this.keep(known, command);
    this.change(known, { failure: "" });
  }

  private take(known: Known, changed: readonly Command[]): void {
    const mine = changed.filter((command) => known.commands.has(command.command_id));
    if (mine.length === 0) return;
    for (const command of mine) this.keep(known, command);
    this.change(known, {});
  }

  // "Sent" may come after the outcome, by the slower way.
  private keep(known: Known, command: Command): void {
    const before = known.commands.get(command.command_id);
    if (!before || before.status === "sent" || command.status === "done") {
      known.commands.set(command.command_id, command);
    }
  }

  private change(known: Known, change: Partial<StopOrder>): void {
    const rows = known.answered ? [...known.commands.values()].map((c) => rowOf(c)) : known.order.rows;
    known.order = { ...known.order, ...change, rows };
    this.show();
  }

  private find(id: string): Known | undefined {
    return this.known.find(({ order }) => order.id === id);
  }

  private later(known: Known, ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      known.timers.delete(timer);
      work();
    }, ms);
    known.timers.add(timer);
  }

  private pause(known: Known, ms: number): Promise<void> {
    return new Promise((resume) => this.later(known, ms, resume));
  }

  private end(known: Known): void {
    for (const timer of known.timers) clearTimeout(timer);
    this.known = this.known.filter((each) => each !== known);
  }

  private show(): void {
    this.state = this.known.filter(({ hidden }) => !hidden).map(({ order }) => order);
    for (const listener of this.listeners) listener();
  }
}

const waiting = (robot: string): StopRow => ({ robot, state: "waiting", latency: undefined, message: "" });

function rowOf(command: Command): StopRow {
  const { robot_id: robot, status, message } = command;
  if (status === "sent") return waiting(robot);
  if (status !== "done") return { robot, state: "failed", latency: undefined, message };
  return { robot, state: "confirmed", latency: command.latency_ms, message };
}

/** What the page says of an order. */
export interface StopSum {
  confirmed: number;
  all: number;
  /** The slowest confirmation in ms; undefined when there is none. */
  slowest: number | undefined;
  /** Who must be shouted about: failed, or silent for more than a second. */
  missing: readonly StopRow[];
  done: boolean;
}

export function sumUp(order: StopOrder): StopSum {
  const confirmed = order.rows.filter((row) => row.state === "confirmed");
  const latencies = confirmed.flatMap((row) => row.latency ?? []);
  return {
    confirmed: confirmed.length,
    all: order.rows.length,
    slowest: latencies.length > 0 ? Math.max(...latencies) : undefined,
    missing: order.rows.filter((row) => row.state === "failed" || (row.state === "waiting" && order.late)),
    done: order.failure === "" && order.rows.length > 0 && confirmed.length === order.rows.length,
  };
}
