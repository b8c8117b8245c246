import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

const recording = new URL("../../wire/testdata/captures/recording-1.jsonl", import.meta.url);
const recorded = "simA";

type Payload = Record<string, unknown> & { system_info?: Record<string, unknown> };
interface Message {
  topic: string;
  payload: Payload;
}

/** One round of what the original robot client says: status, battery, every sensor, servos. */
function oneRound(): Message[] {
  const round = new Map<string, Message>();
  for (const line of readFileSync(recording, "utf8").trim().split("\n")) {
    const { topic, payload } = JSON.parse(line) as { topic: string; payload: string };
    if (!/^tonypi\/(status|sensors|servos)\/|^tonypi\/battery$/.test(topic)) continue;
    const message = { topic, payload: JSON.parse(payload) as Payload };
    const key = `${topic} ${message.payload.sensor_type ?? ""}`;
    if (!round.has(key)) round.set(key, message);
  }
  return [...round.values()];
}

const field = (text: string) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};

function packet(kind: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = body.length; length.length === 0 || rest > 0; rest >>= 7)
    length.push((rest & 127) | (rest > 127 ? 128 : 0));
  return Buffer.concat([Buffer.from([kind, ...length]), body]);
}

/** Local time without a zone, as Python's datetime.now().isoformat() writes it. */
function naiveNow(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().replace("Z", "000");
}

/**
 * A robot with the unmodified original client: MQTT 3.1.1 without a user, client ID = robot ID, QoS 0. It repeats a
 * recorded round four times a second and comes back by itself when the connection breaks.
 */
export class OriginalRobot {
  cpu = 20;
  battery = 88;
  private socket: Socket | undefined;
  private accepted = false;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly round = oneRound();

  constructor(
    private readonly broker: string,
    readonly id: string,
  ) {}

  start(): this {
    this.timer = setInterval(() => this.say(), 250);
    return this;
  }

  stop(): void {
    clearInterval(this.timer);
    this.socket?.destroy();
  }

  private say(): void {
    if (!this.socket || this.socket.destroyed) this.connect();
    if (!this.accepted) return;
    for (const { topic, payload } of this.round) {
      const text = JSON.stringify({ ...this.changed(payload), robot_id: this.id, timestamp: naiveNow() });
      this.socket?.write(packet(0x30, field(topic.replace(recorded, this.id)), Buffer.from(text)));
    }
  }

  private changed(payload: Payload): Payload {
    if (payload.system_info) return { ...payload, system_info: { ...payload.system_info, cpu_percent: this.cpu } };
    if (payload.sensor_type === "system_cpu_percent") return { ...payload, value: this.cpu };
    return "percentage" in payload ? { ...payload, percentage: this.battery } : payload;
  }

  private connect(): void {
    const [host, port] = this.broker.split(":");
    this.accepted = false;
    const socket = connect(Number(port), host);
    this.socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("connect", () => socket.write(packet(0x10, field("MQTT"), Buffer.from([4, 2, 0, 60]), field(this.id))));
    socket.on("data", (bytes) => {
      // CONNACK with return code 0; nothing else matters to a robot that only reports.
      if (bytes[0] === 0x20) this.accepted = bytes[3] === 0;
    });
  }
}
