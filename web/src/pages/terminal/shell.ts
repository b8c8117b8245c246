import { errorText } from "@/api/error";

/** How a person signs in to the robot. */
export interface Credentials {
  username: string;
  password: string;
  /** The server signs in with its own key instead. */
  serverKey: boolean;
  record: boolean;
}

/** A host key that the person must look at. */
export interface HostKey {
  fingerprint: string;
  keyType: string;
  changed: boolean;
  previous: string;
}

/** How a terminal stands. */
export interface ShellState {
  phase: "idle" | "connecting" | "asking" | "open" | "closed";
  hostKey: HostKey | undefined;
  recorded: boolean;
  /** What the server said went wrong; "" when nothing did. */
  error: string;
  /** The shell's exit code, once it ended by itself. */
  code: number | undefined;
  /** The person closed it. */
  left: boolean;
}

export interface ShellOptions {
  /** Gets a ticket for one connection. */
  ticket: () => Promise<string>;
  open: () => WebSocket;
  output: (text: string) => void;
}

type Frame =
  | { type: "hostkey"; fingerprint: string; key_type?: string; changed?: boolean; previous?: string; waiting?: boolean }
  | { type: "ready"; recording?: string }
  | { type: "output"; data: string }
  | { type: "error"; message: string }
  | { type: "closed"; code: number }
  | { type: "pong" };

const begin: ShellState = {
  phase: "idle",
  hostKey: undefined,
  recorded: false,
  error: "",
  code: undefined,
  left: false,
};

/** Shell is the page's end of one terminal after another. The password is in no member: it leaves with the first frame. */
export class Shell {
  private state = begin;
  private socket: WebSocket | undefined;
  private size = { cols: 80, rows: 24 };
  private attempt = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly options: ShellOptions) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): ShellState => this.state;

  async connect(credentials: Credentials): Promise<void> {
    this.close();
    const attempt = ++this.attempt;
    this.set({ ...begin, phase: "connecting" });
    let ticket: string;
    try {
      ticket = await this.options.ticket();
    } catch (error) {
      if (attempt === this.attempt) this.set({ phase: "closed", error: errorText(error) });
      return;
    }
    if (attempt !== this.attempt) return;
    const socket = this.options.open();
    this.socket = socket;
    const { username, password, serverKey, record } = credentials;
    const way = serverKey ? { key: "server" } : { username, password };
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", ticket, ...way, record, ...this.size }));
    socket.onmessage = (event: MessageEvent<string>) => {
      if (socket === this.socket) this.receive(JSON.parse(event.data) as Frame);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.socket = undefined;
      this.set({ phase: "closed", hostKey: undefined });
    };
  }

  /** Accepts the host key that is shown. */
  accept(): void {
    const { hostKey } = this.state;
    if (!hostKey) return;
    this.send({ type: "accept", fingerprint: hostKey.fingerprint });
    this.set({ phase: "connecting", hostKey: undefined });
  }

  input(data: string): void {
    if (this.state.phase === "open") this.send({ type: "input", data });
  }

  resize(cols: number, rows: number): void {
    if (cols === this.size.cols && rows === this.size.rows) return;
    this.size = { cols, rows };
    if (this.state.phase === "open") this.send({ type: "resize", cols, rows });
  }

  close(): void {
    this.attempt++;
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.close();
    this.set({ phase: "closed", hostKey: undefined, left: true });
  }

  private receive(frame: Frame): void {
    switch (frame.type) {
      case "hostkey":
        if (frame.waiting) {
          const { fingerprint, key_type = "", changed = false, previous = "" } = frame;
          this.set({ phase: "asking", hostKey: { fingerprint, keyType: key_type, changed, previous } });
        }
        break;
      case "ready":
        this.set({ phase: "open", recorded: Boolean(frame.recording) });
        this.send({ type: "resize", ...this.size }); // it may have changed on the way
        break;
      case "output":
        this.options.output(frame.data);
        break;
      case "error":
        this.set({ error: frame.message });
        break;
      case "closed":
        this.set({ code: frame.code });
    }
  }

  private send(frame: object): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(frame));
  }

  private set(change: Partial<ShellState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
