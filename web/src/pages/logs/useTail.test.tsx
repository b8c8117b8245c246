import { QueryClient } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { beforeEach, expect, it } from "vitest";
import type { LogFilter } from "@/api/logs";
import { serve, signIn } from "@/harness";
import { Feed } from "@/live/feed";
import { FeedContext } from "@/live/hooks";
import { isGap } from "./tail";
import { useTail } from "./useTail";

const line = (id: number, message = `line ${id}`) => ({
  id,
  timestamp: "2026-11-23T10:00:00Z",
  level: "INFO",
  category: "robot",
  source: "",
  message,
  robot_id: "r1",
});

/** A connection that the test speaks for the server on. */
class Wire {
  readyState = 1;
  readonly sent: { type: string; id?: number; logs?: unknown }[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  say(frame: object) {
    act(() => this.onmessage?.({ data: JSON.stringify({ time: Date.now(), ...frame }) }));
  }
}

function start(filter: LogFilter) {
  const wires: Wire[] = [];
  const open = () => {
    const wire = new Wire();
    wires.push(wire);
    return wire as unknown as WebSocket;
  };
  const feed = new Feed(new QueryClient(), { url: "", token: async () => "token", open });
  const stop = feed.run();
  const wrapper = ({ children }: { children: ReactNode }) => <FeedContext value={feed}>{children}</FeedContext>;
  const hook = renderHook(({ following, asked }) => useTail(asked, following), {
    wrapper,
    initialProps: { following: true, asked: filter },
  });
  return { wires, feed, stop, ...hook };
}

const ids = (lines: readonly (object & { id: number | string })[]) => lines.map(({ id }) => id);

beforeEach(() => signIn("viewer"));

it("shows what is there, then what comes, and asks for what it missed while the connection was lost", async () => {
  let page = [line(2), line(1)];
  serve({ "GET /logs": () => page });
  const { result, wires, feed, rerender, stop } = start({ robot: "r1", time: "24h" });
  await waitFor(() => expect(ids(result.current.lines as never)).toEqual([1, 2]));
  await waitFor(() => expect(wires[0]?.onmessage).toBeTruthy());
  wires[0]?.say({ type: "hello", session: "s", version: "", role: "viewer" });
  expect(wires[0]?.sent.at(-1)?.logs).toEqual({ robot_id: "r1", levels: [], category: "", search: "" });
  wires[0]?.say({ type: "frame", logs: [line(3)] });
  expect(ids(result.current.lines as never)).toEqual([1, 2, 3]);

  rerender({ following: false, asked: { robot: "r1", time: "24h" } });
  wires[0]?.say({ type: "frame", logs: [line(9)], logs_skipped: 2 });
  expect(result.current.unseen).toBe(3);
  expect(result.current.lines.filter(isGap).map(({ gap }) => gap)).toEqual([2]);

  page = [line(10), line(9), line(8), line(7), line(3), line(2), line(1)];
  act(() => wires[0]?.onclose?.({ code: 1006 }));
  expect(feed.current().phase).toBe("closed");
  await waitFor(() => expect(wires[1]?.onmessage).toBeTruthy(), { timeout: 5000 });
  wires[1]?.say({ type: "hello", session: "s", version: "", role: "viewer" });
  await waitFor(() => expect(ids(result.current.lines as never)).toEqual([1, 2, 3, 7, 8, 9, 10]));
  stop();
});

it("forgets the lines of another filter, and an answer that comes too late", async () => {
  const answers = new Map<string, (page: unknown[]) => void>();
  serve({});
  const { result, rerender, stop } = start({ text: "a", time: "24h" });
  const real = globalThis.fetch;
  globalThis.fetch = (request) =>
    new Promise((done) => {
      const text = new URL((request as Request).url).searchParams.get("search") ?? "";
      answers.set(text, (page) => done(Response.json(page)));
    });
  rerender({ following: true, asked: { text: "b", time: "24h" } });
  await waitFor(() => expect(answers.has("b")).toBe(true));
  rerender({ following: true, asked: { text: "c", time: "24h" } });
  await waitFor(() => expect(answers.has("c")).toBe(true));
  await act(async () => answers.get("c")?.([line(7)]));
  await act(async () => answers.get("b")?.([line(5)]));
  await waitFor(() => expect(ids(result.current.lines as never)).toEqual([7]));
  globalThis.fetch = real;
  stop();
});
