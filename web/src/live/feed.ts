import type { QueryClient } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { Alert, Command, Job, Lease, LogEntry, Summary } from "@/api/types";
import {
  applyAlerts,
  applyCommands,
  applyFleet,
  applyJobs,
  applyLeases,
  jobsMoved,
  sortFleet,
  worthTelling,
} from "./apply";
import { serverNow, syncClock } from "./clock";
import type { ChangeFrame, ClientFrame, DrivenFrame, LiveEvent, RobotFrame, StateFrame, StoppedFrame } from "./frames";
import { Readings } from "./readings";
import { LiveSocket, type Phase, type SocketOptions } from "./socket";
import { mergeWatches, type Watch } from "./watch";

/** The live connection as the page shows it. */
export interface Connection {
  phase: Phase;
  /** Server time (ms) at which the connection was lost; undefined while it is open or was never open. */
  lostAt: number | undefined;
}

/** An event with the order in which it came; the number is its key. */
export interface NumberedEvent extends LiveEvent {
  number: number;
}

const keptEvents = 100;
const noEvents: readonly NumberedEvent[] = [];

type Told = (alerts: Alert[]) => void;
type Answered = (answer: DrivenFrame | StoppedFrame) => void;
type Ordered = (commands: readonly Command[]) => void;
/** Log lines as they come, oldest first, and how many this browser was too slow for. */
export type Logged = (lines: readonly LogEntry[], skipped: number) => void;
type FeedOptions = Pick<SocketOptions, "url" | "token" | "open">;

/**
 * Feed is everything that comes live: it merges what the parts of the page look at, keeps the socket, and puts frames
 * where the page reads them: summaries and alerts into the query cache, readings and events into stores of its own.
 */
export class Feed {
  readonly readings = new Readings();
  private readonly socket: LiveSocket;
  private readonly watches = new Set<Watch>();
  private readonly listeners = new Set<() => void>();
  private readonly told = new Set<Told>();
  private readonly answered = new Set<Answered>();
  private readonly logged = new Set<Logged>();
  private readonly ordered = new Set<Ordered>();
  private readonly events = new Map<string, readonly NumberedEvent[]>();
  private connection: Connection = { phase: "connecting", lostAt: undefined };
  private sending = false;
  private eventNumber = 0;

  constructor(
    private readonly cache: QueryClient,
    options: FeedOptions,
  ) {
    this.socket = new LiveSocket({
      ...options,
      onHello: (hello) => syncClock(hello.time),
      onState: (state) => this.state(state),
      onChange: (change) => this.change(change),
      onPhase: (phase) => this.phase(phase),
      onAnswer: (answer) => {
        for (const each of this.answered) each(answer);
      },
    });
  }

  /** Connects until the returned function is called. */
  run(): () => void {
    const hurry = () => this.socket.hurry();
    window.addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    this.socket.start();
    return () => {
      window.removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
      this.socket.stop();
    };
  }

  /** Watches something until the returned function is called. */
  watch(watch: Watch): () => void {
    this.watches.add(watch);
    this.sendSoon();
    return () => {
      this.watches.delete(watch);
      this.sendSoon();
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): Connection => this.connection;

  /** Calls back with alerts that a person should be told of, as they come. */
  onAlerts(told: Told): () => void {
    this.told.add(told);
    return () => this.told.delete(told);
  }

  /** Sends a frame now or not at all; reports which. */
  readonly send = (frame: ClientFrame): boolean => this.socket.send(frame);

  /** Says that the connection did not carry something; whether it is open shows soon. */
  readonly doubt = (): void => this.socket.doubt();

  /** Calls back with the server's answers to beats and stops. */
  onAnswer(answered: Answered): () => void {
    this.answered.add(answered);
    return () => this.answered.delete(answered);
  }

  /** Calls back with commands that changed. */
  onCommands(ordered: Ordered): () => void {
    this.ordered.add(ordered);
    return () => this.ordered.delete(ordered);
  }

  /** Calls back with the log lines that are watched. */
  onLogs(logged: Logged): () => void {
    this.logged.add(logged);
    return () => this.logged.delete(logged);
  }

  /** The last events of a robot, newest first. */
  eventsOf(robot: string): readonly NumberedEvent[] {
    return this.events.get(robot) ?? noEvents;
  }

  // Parts come and go together when a view changes: one message for all of them.
  private sendSoon(): void {
    if (this.sending) return;
    this.sending = true;
    queueMicrotask(() => {
      this.sending = false;
      const union = mergeWatches(this.watches);
      this.readings.keepOnly(Object.keys(union.robots));
      this.socket.watch(union);
    });
  }

  private phase(phase: Phase): void {
    if (phase === this.connection.phase) return;
    const wasOpen = this.connection.phase === "open";
    const lostAt = phase === "open" ? undefined : wasOpen ? serverNow() : this.connection.lostAt;
    this.connection = { phase, lostAt };
    this.notify();
  }

  private state(state: StateFrame): void {
    syncClock(state.time);
    if (state.fleet) this.store(keys.fleet, sortFleet(state.fleet));
    if (state.alerts) {
      const before = this.cache.getQueryData<Alert[]>(keys.openAlerts);
      if (before) this.tell(worthTelling(before, state.alerts));
      this.store(keys.openAlerts, applyAlerts([], state.alerts));
    }
    this.pending(state.pending);
    if (state.leases) this.store(keys.leases, applyLeases([], state.leases));
    if (state.jobs) {
      this.store(keys.activeJobs, applyJobs([], state.jobs));
      this.forgetJobs();
    }
    this.work(state);
    for (const [robot, frame] of Object.entries(state.robots ?? {})) {
      this.readings.replace(robot, frame.readings ?? []);
      this.robot(robot, frame);
    }
  }

  private change(change: ChangeFrame): void {
    syncClock(change.time);
    const fleet = this.cache.getQueryData<Summary[]>(keys.fleet);
    if (fleet) this.store(keys.fleet, applyFleet(fleet, change.fleet ?? [], change.removed ?? []));
    if (change.alerts) this.alerts(change.alerts);
    this.pending(change.pending);
    if (change.leases) this.merge<Lease>(keys.leases, change.leases, applyLeases);
    if (change.jobs) this.jobs(change.jobs);
    this.work(change);
    for (const [robot, frame] of Object.entries(change.robots ?? {})) {
      this.readings.update(robot, frame.readings ?? []);
      this.robot(robot, frame);
    }
  }

  private alerts(changed: Alert[]): void {
    const open = this.cache.getQueryData<Alert[]>(keys.openAlerts) ?? [];
    this.tell(worthTelling(open, changed));
    this.store(keys.openAlerts, applyAlerts(open, changed));
    void this.cache.invalidateQueries({ queryKey: keys.alertList });
    void this.cache.invalidateQueries({ queryKey: keys.alertStats });
  }

  /** What adds up in states and changes alike. */
  private work({ commands, scans, logs, logs_skipped = 0 }: StateFrame | ChangeFrame): void {
    if (commands) {
      for (const ordered of this.ordered) ordered(commands);
      this.merge<Command>(keys.commands, commands, applyCommands);
      if (commands.length > 0) void this.cache.invalidateQueries({ queryKey: keys.commandList });
    }
    if (scans?.length) void this.cache.invalidateQueries({ queryKey: keys.scans });
    if (logs?.length || logs_skipped) for (const logged of this.logged) logged(logs ?? [], logs_skipped);
  }

  private merge<T>(
    key: readonly string[],
    changed: T[],
    apply: (known: readonly T[], changed: readonly T[]) => T[],
  ): void {
    this.store(key, apply(this.cache.getQueryData<T[]>(key) ?? [], changed));
  }

  private jobs(changed: Job[]): void {
    const moved = jobsMoved(this.cache.getQueryData<Job[]>(keys.activeJobs) ?? [], changed);
    this.merge<Job>(keys.activeJobs, changed, applyJobs);
    for (const job of changed) if (this.cache.getQueryData(keys.job(job.id))) this.store(keys.job(job.id), job);
    if (moved) this.forgetJobs();
  }

  private forgetJobs(): void {
    void this.cache.invalidateQueries({ queryKey: keys.jobList });
    void this.cache.invalidateQueries({ queryKey: keys.jobStats });
  }

  private pending(count: number | undefined): void {
    if (count !== undefined) void this.cache.invalidateQueries({ queryKey: keys.pending });
  }

  private robot(robot: string, frame: RobotFrame): void {
    if (frame.summary) this.store(keys.robot(robot), frame.summary);
    if (!frame.events?.length) return;
    const news = frame.events.map((event) => ({ ...event, number: ++this.eventNumber })).reverse();
    this.events.set(robot, [...news, ...this.eventsOf(robot)].slice(0, keptEvents));
    this.notify();
  }

  // An answer still on its way is older than the frame and must not come after it.
  private store(key: readonly (string | number)[], data: unknown): void {
    if (data === this.cache.getQueryData(key)) return;
    if (this.cache.isFetching({ queryKey: key, exact: true }))
      void this.cache.cancelQueries({ queryKey: key, exact: true });
    this.cache.setQueryData(key, data);
  }

  private tell(alerts: Alert[]): void {
    if (alerts.length > 0) for (const told of this.told) told(alerts);
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
