import { connect, type Socket } from "node:net";

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

/** As much of MQTT 3.1.1 as an original robot client uses: no user, client ID = robot ID, QoS 0 throughout. */
export class Client {
  /** The broker has taken the subscriptions. */
  subscribed = false;
  private socket: Socket | undefined;
  private unread = Buffer.alloc(0);

  constructor(
    private readonly broker: string,
    private readonly id: string,
    private readonly topics: readonly string[],
    private readonly hear: (topic: string, payload: string) => void,
  ) {}

  start(): void {
    const [host, port] = this.broker.split(":");
    const socket = connect(Number(port), host);
    this.socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("connect", () => socket.write(packet(0x10, field("MQTT"), Buffer.from([4, 2, 0, 60]), field(this.id))));
    socket.on("data", (bytes) => {
      this.unread = Buffer.concat([this.unread, bytes]);
      for (let read = true; read; ) read = this.next();
    });
  }

  stop(): void {
    this.socket?.destroy();
  }

  say(topic: string, payload: object): void {
    this.socket?.write(packet(0x30, field(topic), Buffer.from(JSON.stringify(payload))));
  }

  /** Takes the first packet of what was received; false when it is not all there yet. */
  private next(): boolean {
    let length = 0;
    let at = 1;
    for (let shift = 0; ; shift += 7) {
      const byte = this.unread[at++];
      if (byte === undefined) return false;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const body = this.unread.subarray(at, at + length);
    if (body.length < length) return false;
    this.take(this.unread[0] ?? 0, body);
    this.unread = this.unread.subarray(at + length);
    return true;
  }

  private take(kind: number, body: Buffer): void {
    switch (kind & 0xf0) {
      case 0x20: // CONNACK; a return code of 0 lets in
        if (body[1] !== 0) throw new Error(`the broker refuses ${this.id}: ${body[1]}`);
        this.socket?.write(
          packet(0x82, Buffer.from([0, 1]), ...this.topics.flatMap((topic) => [field(topic), Buffer.from([0])])),
        );
        break;
      case 0x90: // SUBACK
        if (body.subarray(2).some((code) => code === 0x80)) throw new Error(`the broker refuses ${this.topics}`);
        this.subscribed = true;
        break;
      case 0x30: {
        const end = 2 + body.readUInt16BE(0);
        this.hear(body.toString("utf8", 2, end), body.toString("utf8", end));
      }
    }
  }
}
