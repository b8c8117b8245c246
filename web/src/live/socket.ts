import type {
  ChangeFrame,
  ClientFrame,
  DrivenFrame,
  HelloFrame,
  ServerFrame,
  StateFrame,
  StoppedFrame,
} from "./frames";
import type { Watch } from "./watch";

export type Phase = "connecting" | "open" | "closed";

/** Close codes of the server. */
export const closeCode = { unauthenticated: 4401, forbidden: 4403 } as const;

export interface SocketOptions {
  url: string;
  /** The access token; "" when the server lets anybody look. Renewed when `renew` is set. Undefined: signed out. */
  token: (renew: boolean) => Promise<string | undefined>;
  onHello?: (hello: HelloFrame) => void;
  onState: (state: StateFrame) => void;
  onChange: (change: ChangeFrame) => void;
  onAnswer?: (answer: DrivenFrame | StoppedFrame) => void;
  onPhase: (phase: Phase) => void;
  open?: (url: string) => WebSocket;
  random?: () => number;
}

const shortestPause = 300;
const longestPause = 5000;
const quietFor = 25_000;
const answerWithin = 5000;
const doubtedFor = 2000;

/**
 * Pause before attempt n (0, 1, …) in ms: it doubles from 0.3 s to 5 s, and up to half of it is left to chance so that
 * many browsers do not come back at once.
 */
export function pauseBefore(attempt: number, random: number): number {
  const whole = Math.min(longestPause, shortestPause * 2 ** (attempt + 1));
  return Math.max(shortestPause, whole * (0.5 + random / 2));
}

/** LiveSocket keeps one WebSocket open, says what is watched, and comes back by itself with the whole state. */
export class LiveSocket {
  private socket: WebSocket | undefined;
  private watched: Required<Watch> | undefined;
  private watchID = 0;
  private attempt = 0;
  private running = false;
  private refused = false;
  private greeted = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: SocketOptions) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    void this.connect();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.drop();
    this.options.onPhase("closed");
  }

  /** Tries now instead of after the pause; for the moment when the browser says that the network is back. */
  hurry(): void {
    if (!this.running || this.socket) return;
    clearTimeout(this.timer);
    this.attempt = 0;
    void this.connect();
  }

  /** Replaces what is watched. */
  watch(watched: Required<Watch>): void {
    this.watched = watched;
    this.sendWatch();
  }

  /** Sends a frame now. Reports whether the connection is open; nothing is kept for later: an old order must not come late. */
  send(frame: ClientFrame): boolean {
    if (!this.greeted || this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Asks for a sign of life now and takes the connection for lost when none comes: something was not answered. */
  doubt(): void {
    if (this.greeted) this.probe(doubtedFor);
  }

  private async connect(): Promise<void> {
    this.options.onPhase("connecting");
    let token: string | undefined;
    try {
      token = await this.options.token(this.refused);
    } catch {
      this.retry();
      return;
    }
    if (!this.running || this.socket) return;
    if (token === undefined) {
      this.stop();
      return;
    }
    const open = this.options.open ?? ((url) => new WebSocket(url));
    const socket = open(this.options.url);
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token }));
    socket.onmessage = (event: MessageEvent<string>) => {
      if (socket === this.socket) this.receive(JSON.parse(event.data) as ServerFrame);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
    this.guard();
  }

  private receive(frame: ServerFrame): void {
    this.guard();
    switch (frame.type) {
      case "hello":
        this.attempt = 0;
        this.refused = false;
        this.greeted = true;
        this.options.onPhase("open");
        this.options.onHello?.(frame);
        this.sendWatch();
        break;
      case "state":
        // An answer to an older watch would bring back what nobody looks at any more.
        if (frame.id === this.watchID) this.options.onState(frame);
        break;
      case "frame":
        this.options.onChange(frame);
        break;
      case "driven":
      case "stopped":
        this.options.onAnswer?.(frame);
    }
  }

  private closed(code: number): void {
    this.drop();
    if (code === closeCode.forbidden) {
      this.stop();
      return;
    }
    this.refused = code === closeCode.unauthenticated;
    this.retry();
  }

  private retry(): void {
    if (!this.running) return;
    this.options.onPhase("closed");
    const pause = pauseBefore(this.attempt++, (this.options.random ?? Math.random)());
    this.timer = setTimeout(() => void this.connect(), pause);
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    const socket = this.socket;
    this.socket = undefined;
    this.greeted = false;
    socket?.close();
  }

  private sendWatch(): void {
    if (!this.watched || this.socket?.readyState !== 1) return;
    this.watchID++;
    this.socket.send(JSON.stringify({ type: "watch", id: this.watchID, ...this.watched }));
  }

  /** A network that died silently never closes: after some quiet the state is asked for again, and must come. */
  private guard(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.probe(answerWithin), quietFor);
  }

  private probe(within: number): void {
    clearTimeout(this.watchdog);
    this.sendWatch();
    this.watchdog = setTimeout(() => {
      this.drop();
      this.retry();
    }, within);
  }
}
