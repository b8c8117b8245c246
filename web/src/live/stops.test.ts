import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/error";
import type { Command } from "@/api/types";
import { command } from "@/sample";
import type { StopFrame } from "./frames";
import { answerWithin, confirmWithin, Stops, sumUp } from "./stops";
import { uuid } from "./uuid";

function start(open: boolean, http: (frame: StopFrame) => Promise<Command[]> = async () => []) {
  const live = vi.fn((_: StopFrame) => open);
  const byHTTP = vi.fn(http);
  const read = vi.fn(async (commands: readonly Command[]) => commands.map((c) => ({ ...c })));
  const stops = new Stops({ live, http: byHTTP, read, now: Date.now });
  return { stops, live, http: byHTTP, read };
}

const stopped = (id: string, commands: Command[]) => ({ type: "stopped", id, ok: true, commands }) as const;
const sent = (robot: string) => command(`c-${robot}`, { robot_id: robot, type: "emergency_stop", status: "sent" });
const done = (robot: string, latency: number) =>
  command(`c-${robot}`, { robot_id: robot, type: "emergency_stop", status: "done", latency_ms: latency });

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const only = (stops: Stops) => {
  const order = stops.current()[0];
  if (!order) throw new Error("there is no order");
  return order;
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Stops", () => {
  it("sends over the live connection at once and leaves HTTP alone when the answer comes in time", async () => {
    const { stops, live, http } = start(true);
    const id = stops.stop("r1", []);
    expect(live).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ type: "stop", id, robot: "r1" }));
    await settle(answerWithin - 1);
    stops.answer(stopped(id, [sent("r1")]));
    await settle(5000);
    expect(http).not.toHaveBeenCalled();
  });

  it("goes over HTTP with the same ID when no answer came within 300 ms", async () => {
    const { stops, http } = start(true, async () => [sent("r1")]);
    const id = stops.stop("r1", []);
    await settle(answerWithin - 1);
    expect(http).not.toHaveBeenCalled();
    await settle(1);
    expect(http).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id, robot: "r1" }));
  });

  it("goes over HTTP at once when the live connection is away, and again with the same ID until the server answers", async () => {
    let tries = 0;
    const { stops, http } = start(false, async () => {
      if (++tries < 3) throw new ApiError(0, "");
      return [done("r1", 90)];
    });
    const id = stops.stop("r1", []);
    expect(http).toHaveBeenCalledTimes(1);
    await settle(1500);
    expect(http.mock.calls.map(([frame]) => frame.id)).toEqual([id, id, id]);
    expect(sumUp(only(stops)).done).toBe(true);
  });

  it("does not try again what the server refuses, and says why", async () => {
    const { stops, http } = start(false, async () => {
      throw new ApiError(403, "Your role does not allow this");
    });
    stops.stop("r1", []);
    await settle(5000);
    expect(http).toHaveBeenCalledTimes(1);
    expect([stops.tells("r1"), stops.tells("r2")]).toEqual([true, false]);
    expect(only(stops).failure).toBe("Your role does not allow this");
    expect(sumUp(only(stops)).done).toBe(false);
  });

  it("counts confirmations as they come, and shouts after a second about who is missing until it confirms", async () => {
    const { stops } = start(true);
    const id = stops.stop("", ["r1", "r2", "r3"]);
    expect(sumUp(only(stops))).toMatchObject({ confirmed: 0, all: 3, missing: [], done: false });
    stops.answer(stopped(id, ["r1", "r2", "r3"].map(sent)));
    stops.commands([done("r1", 40), done("r3", 84)]);
    await settle(confirmWithin - 1);
    expect(sumUp(only(stops))).toMatchObject({ confirmed: 2, slowest: 84, missing: [] });
    await settle(1);
    expect(sumUp(only(stops)).missing.map((row) => row.robot)).toEqual(["r2"]);
    stops.commands([done("r2", 2300)]);
    expect(sumUp(only(stops))).toMatchObject({ confirmed: 3, missing: [], done: true, slowest: 2300 });
  });

  it("shouts at once about a robot that could not be told, until a late answer comes", () => {
    const { stops } = start(true);
    const id = stops.stop("", ["r1"]);
    stops.answer(stopped(id, [{ ...sent("r1"), status: "refused", message: "The robot is offline" }]));
    expect(sumUp(only(stops)).missing).toEqual([
      { robot: "r1", state: "failed", latency: undefined, message: "The robot is offline" },
    ]);
    stops.commands([done("r1", 5000)]);
    expect(sumUp(only(stops)).done).toBe(true);
  });

  it("knows a confirmation that overtook the answer, and no answer makes it open again", () => {
    const { stops } = start(true);
    const id = stops.stop("r1", []);
    stops.commands([done("r1", 30)]);
    stops.answer(stopped(id, [sent("r1")]));
    expect(sumUp(only(stops)).done).toBe(true);
    stops.commands([sent("r1")]);
    expect(sumUp(only(stops)).done).toBe(true);
  });

  it("asks how it stands when the confirmations cannot come live", async () => {
    const { stops, read } = start(false, async () => [sent("r1")]);
    read.mockResolvedValue([done("r1", 120)]);
    stops.stop("r1", []);
    await settle(1000);
    expect(read).toHaveBeenCalledTimes(1);
    expect(sumUp(only(stops))).toMatchObject({ done: true, slowest: 120 });
  });

  it("lets a newer order for the same robots take the place of an older one", () => {
    const { stops } = start(true);
    stops.stop("r1", []);
    const second = stops.stop("r2", []);
    const third = stops.stop("r1", []);
    expect(stops.current().map((order) => order.id)).toEqual([third, second]);
    const all = stops.stop("", ["r1", "r2"]);
    expect(stops.current().map((order) => order.id)).toEqual([all]);
    stops.dismiss(all);
    expect(stops.current()).toEqual([]);
  });
});

describe("uuid", () => {
  it("makes version 4, each time another one", () => {
    const made = new Set(Array.from({ length: 100 }, uuid));
    expect(made.size).toBe(100);
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
