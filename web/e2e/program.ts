import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { inject } from "vitest";

export const password = "correct horse battery";

/** How long anything may take that a person would wait for; machines that test are slow. */
export const patience = 30_000;

/** Asks again and again until the answer is true or something, and returns it. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  within = patience,
): Promise<NonNullable<T>> {
  const end = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`within ${within / 1000} s it did not come true that ${what}`);
    await pause(50);
  }
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A running tonypi: the real program on free ports of this machine, with its own data. */
export class Program {
  http = "127.0.0.1:0";
  mqtt = "127.0.0.1:0";
  /** The one-time link of the first start; "" when none was printed. */
  setupLink = "";
  readonly log: string[] = [];
  private token = "";
  private child: ChildProcess | undefined;
  private data = "";

  constructor(
    private readonly command: "serve" | "demo",
    private readonly flags: readonly string[] = [],
  ) {}

  get url(): string {
    return `http://${this.http}`;
  }

  /** Starts the program and waits until it is healthy. A second start uses the same data and ports. */
  async start(): Promise<this> {
    this.data ||= mkdtempSync(join(tmpdir(), "tonypi-web-"));
    const child = spawn(
      inject("tonypi"),
      ["--log-format", "json", this.command, "--data", this.data, "--http", this.http, "--mqtt", this.mqtt].concat(
        ["--mqtt-ws", "off"],
        this.flags,
      ),
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.child = child;
    running.add(child);
    child.once("exit", () => running.delete(child));
    const open = new Map<string, string>();
    createInterface(child.stderr).on("line", (line) => {
      this.log.push(line);
      const said = readLine(line);
      if (said?.msg === "listening") open.set(said.listener ?? "", said.addr ?? "");
    });
    createInterface(child.stdout).on("line", (line) => {
      this.setupLink = /http\S+\/setup#token=\S+/.exec(line)?.[0] ?? this.setupLink;
    });
    await eventually("tonypi listens", () => (open.has("http") && open.has("mqtt")) || this.fallen());
    this.http = open.get("http") ?? "";
    this.mqtt = open.get("mqtt") ?? "";
    await eventually(
      "tonypi is healthy",
      async () => (await fetch(`${this.url}/api/v1/health`).catch(() => undefined))?.ok,
    );
    return this;
  }

  private fallen(): false {
    if (this.child?.exitCode === null) return false;
    throw new Error(`tonypi ended:\n${this.log.slice(-20).join("\n")}`);
  }

  /** Ends the program: SIGTERM as an update does it, SIGKILL as a power cut does it. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  /** Ends the program and removes its data. */
  async close(): Promise<void> {
    await this.stop("SIGKILL");
    if (this.data) rmSync(this.data, { recursive: true, force: true });
  }

  /** Makes the first admin by the printed link's token, as the page does, and speaks to the API as that admin. */
  async setUp(): Promise<void> {
    await eventually("tonypi prints its first-start link", () => this.setupLink);
    const token = this.setupLink.split("#token=")[1];
    const answer = await this.api<{ access_token: string }>("POST", "/auth/setup", { token, password });
    this.token = answer.access_token;
  }

  async signIn(username: string, secret = password): Promise<void> {
    const answer = await this.api<{ access_token: string }>("POST", "/auth/login", { username, password: secret });
    this.token = answer.access_token;
  }

  /** Calls the API; anything but success is an error. */
  async api<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = {
      "Content-Type": "application/json",
      ...(this.token && { Authorization: `Bearer ${this.token}` }),
    };
    const init = body ? { method, headers, body: JSON.stringify(body) } : { method, headers };
    const response = await fetch(`${this.url}/api/v1${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}

function readLine(line: string): { msg?: string; listener?: string; addr?: string } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
