import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChangeFrame, StateFrame } from "./frames";
import { LiveSocket, type Phase, pauseBefore } from "./socket";
import { mergeWatches } from "./watch";

class FakeSocket {
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
    this.readyState = 3;
  }
  accept() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  hello() {
    this.accept();
    this.say({ type: "hello", session: "s", time: 1, version: "1", role: "viewer" });
  }
  drop(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const last = (): FakeSocket => {
  const socket = FakeSocket.all.at(-1);
  if (!socket) throw new Error("no socket was opened");
  return socket;
};

function start(token: (renew: boolean) => Promise<string | undefined> = async () => "abc") {
  const phases: Phase[] = [];
  const states: StateFrame[] = [];
  const changes: ChangeFrame[] = [];
  const socket = new LiveSocket({
    url: "ws://robots.test/api/v1/live",
    token,
    onState: (state) => states.push(state),
    onChange: (change) => changes.push(change),
    onPhase: (phase) => phases.push(phase),
    open: (url) => new FakeSocket(url) as unknown as WebSocket,
    random: () => 0.5,
  });
  socket.start();
  return { socket, phases, states, changes };
}

const fleet = mergeWatches([{ fleet: true }]);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => vi.useRealTimers());

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("LiveSocket", () => {
  it("signs in first, watches after the greeting, and hands on frames", async () => {
    const { socket, phases, states, changes } = start();
    socket.watch(fleet);
    await settle();
    last().accept();
    expect(last().sent).toEqual([{ type: "auth", token: "abc" }]);
    last().say({ type: "hello", session: "s", time: 1, version: "1", role: "viewer" });
    expect(last().sent[1]).toMatchObject({ type: "watch", id: 1, fleet: true });
    last().say({ type: "state", id: 1, time: 2, fleet: [] });
    last().say({ type: "frame", time: 3 });
    expect([phases, states.length, changes.length]).toEqual([["connecting", "open"], 1, 1]);
    expect(last().url).not.toContain("abc");
  });

  it("ignores the answer to a watch that was replaced", async () => {
    const { socket, states } = start();
    socket.watch(fleet);
    await settle();
    last().hello();
    socket.watch(mergeWatches([{ alerts: true }]));
    last().say({ type: "state", id: 1, time: 2 });
    expect(states).toHaveLength(0);
    last().say({ type: "state", id: 2, time: 2 });
    expect(states).toHaveLength(1);
  });

  it("comes back after a pause with the same watch, and sooner after a success", async () => {
    const { socket, phases } = start();
    socket.watch(fleet);
    await settle();
    last().hello();
    last().drop();
    expect(phases.at(-1)).toBe("closed");
    await settle(pauseBefore(0, 0.5) - 1);
    expect(FakeSocket.all).toHaveLength(1);
    await settle(1);
    expect(FakeSocket.all).toHaveLength(2);
    last().hello();
    expect(last().sent[1]).toMatchObject({ type: "watch", fleet: true });
    last().drop();
    await settle(pauseBefore(0, 0.5));
    expect(FakeSocket.all).toHaveLength(3);
  });

  it("asks for a new token when the old one was refused", async () => {
    const token = vi.fn(async (renew: boolean) => (renew ? "new" : "old"));
    start(token);
    await settle();
    last().accept();
    last().drop(4401);
    await settle(5000);
    expect(token.mock.calls).toEqual([[false], [true]]);
    last().accept();
    expect(last().sent).toEqual([{ type: "auth", token: "new" }]);
  });

  it("stays away when nobody is signed in, and when it is forbidden", async () => {
    const { phases } = start(async () => undefined);
    await settle(60_000);
    expect(FakeSocket.all).toHaveLength(0);
    expect(phases.at(-1)).toBe("closed");
    start();
    await settle();
    last().hello();
    last().drop(4403);
    await settle(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("gives up on a connection that died without a word", async () => {
    const { socket } = start();
    socket.watch(fleet);
    await settle();
    last().hello();
    await settle(25_000);
    expect(last().sent.filter((frame) => frame.type === "watch")).toHaveLength(2);
    await settle(5000);
    expect(FakeSocket.all[0]?.closed).toBe(true);
    await settle(5000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("gives up soon a connection that is in doubt, unless it answers", async () => {
    const { socket, phases } = start();
    socket.watch(fleet);
    await settle();
    last().hello();
    socket.doubt();
    last().say({ type: "state", id: last().sent.at(-1)?.id, time: 1 });
    await settle(5000);
    expect(phases.at(-1)).toBe("open");
    socket.doubt();
    await settle(2000);
    expect(FakeSocket.all[0]?.closed).toBe(true);
  });

  it("keeps a quiet connection that answers", async () => {
    const { socket } = start();
    socket.watch(fleet);
    await settle();
    last().hello();
    for (let i = 0; i < 5; i++) {
      await settle(25_000);
      last().say({ type: "state", id: last().sent.at(-1)?.id, time: 1 });
    }
    expect(FakeSocket.all).toHaveLength(1);
  });

  it("tries at once when told to hurry, but not twice", async () => {
    const { socket } = start();
    await settle();
    last().hello();
    last().drop();
    socket.hurry();
    await settle();
    socket.hurry();
    await settle();
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("ends", async () => {
    const { socket } = start();
    await settle();
    last().hello();
    socket.stop();
    await settle(60_000);
    expect([FakeSocket.all.length, last().closed]).toEqual([1, true]);
  });
});

describe("pauseBefore", () => {
  it("doubles from 0.3 s to 5 s and leaves half to chance", () => {
    expect(pauseBefore(0, 0)).toBe(300);
    expect(pauseBefore(0, 1)).toBe(600);
    expect(pauseBefore(2, 1)).toBe(2400);
    for (const attempt of [4, 10, 1000]) {
      expect(pauseBefore(attempt, 0)).toBe(2500);
      expect(pauseBefore(attempt, 1)).toBe(5000);
    }
  });
});
