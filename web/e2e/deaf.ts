import { Client } from "./mqtt";
import { eventually } from "./program";

/** An original robot that hears stops and does not confirm them until it is told to: its body hangs, its network does not. */
export class DeafRobot {
  /** How many stops reached it. */
  heard = 0;
  private readonly open = new Set<string>();
  private confirms = false;
  private readonly client: Client;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    broker: string,
    readonly id: string,
  ) {
    const topics = [`tonypi/emergency_stop/${id}`, "tonypi/emergency_stop/broadcast"];
    this.client = new Client(broker, id, topics, (_, payload) => this.take(JSON.parse(payload)));
  }

  async start(): Promise<this> {
    this.client.start();
    await eventually(`${this.id} listens for stops`, () => this.client.subscribed);
    const status = { robot_id: this.id, status: "online", system_info: { cpu_percent: 20 } };
    this.client.say(`tonypi/status/${this.id}`, status);
    this.timer = setInterval(() => this.client.say(`tonypi/status/${this.id}`, status), 1000);
    return this;
  }

  stop(): void {
    clearInterval(this.timer);
    this.client.stop();
  }

  /** Confirms every stop that it heard, and those that come. */
  confirm(): void {
    this.confirms = true;
    for (const id of this.open) this.answer(id);
  }

  private take(stop: { command_id?: string }): void {
    this.heard++;
    this.open.add(stop.command_id ?? "");
    if (this.confirms) this.answer(stop.command_id ?? "");
  }

  // The original clients answer every stop twice.
  private answer(id: string): void {
    const message = `Emergency stop activated`;
    const answer = { robot_id: this.id, command_id: id, type: "emergency_stop", success: true, message };
    this.client.say("tonypi/emergency_stop/response", answer);
    this.client.say("tonypi/commands/response", answer);
  }
}
