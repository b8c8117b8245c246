import { describe, expect, it } from "vitest";
import { ApiError } from "@/api/error";
import { type Credentials, Shell } from "./shell";

class FakeSocket {
  readyState = 1;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  say(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const me: Credentials = { username: "pi", password: "secret", serverKey: false, record: false };

async function start(credentials = me, ticket = async () => "t1") {
  const sockets: FakeSocket[] = [];
  const output: string[] = [];
  const shell = new Shell({
    ticket,
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    output: (text) => output.push(text),
  });
  shell.resize(120, 40);
  await shell.connect(credentials);
  const socket = sockets[0] ?? new FakeSocket();
  socket.onopen?.();
  return { shell, socket, sockets, output };
}

describe("Shell", () => {
  it("proves itself in the first frame, then types and shows", async () => {
    const { shell, socket, output } = await start();
    expect(socket.sent).toEqual([
      { type: "auth", ticket: "t1", username: "pi", password: "secret", record: false, cols: 120, rows: 40 },
    ]);
    shell.input("too early");
    socket.say({ type: "hostkey", fingerprint: "SHA256:x", known: true, waiting: false });
    socket.say({ type: "ready" });
    expect(shell.current()).toMatchObject({ phase: "open", recorded: false, hostKey: undefined });
    shell.input("ls\n");
    socket.say({ type: "output", data: "a b" });
    expect([socket.sent.at(-1), output]).toEqual([{ type: "input", data: "ls\n" }, ["a b"]]);
    shell.resize(80, 24);
    shell.resize(80, 24);
    expect(socket.sent.filter((frame) => frame.type === "resize")).toHaveLength(2);
  });

  it("uses the server's key without any password", async () => {
    const { socket } = await start({ ...me, serverKey: true, record: true });
    expect(socket.sent[0]).toMatchObject({ key: "server", record: true });
    expect(JSON.stringify(socket.sent)).not.toContain("secret");
  });

  it("asks the person about an unknown key and goes on only when it is accepted", async () => {
    const { shell, socket } = await start();
    const key = { type: "hostkey", fingerprint: "SHA256:new", changed: true, previous: "SHA256:old", waiting: true };
    socket.say(key);
    expect(shell.current()).toMatchObject({ phase: "asking", hostKey: { changed: true, previous: "SHA256:old" } });
    expect(socket.sent).toHaveLength(1);
    shell.accept();
    expect(socket.sent.at(-1)).toEqual({ type: "accept", fingerprint: "SHA256:new" });
    expect(shell.current().hostKey).toBeUndefined();
  });

  it("ends with the shell, and says how", async () => {
    const { shell, socket } = await start();
    socket.say({ type: "ready", recording: "r1" });
    expect(shell.current().recorded).toBe(true);
    socket.say({ type: "closed", code: 3 });
    socket.close();
    expect(shell.current()).toMatchObject({ phase: "closed", code: 3, error: "" });
  });

  it("says what went wrong, and can be opened again", async () => {
    const { shell, socket, sockets } = await start();
    socket.say({ type: "error", message: "SSH connection failed" });
    socket.close();
    expect(shell.current()).toMatchObject({ phase: "closed", error: "SSH connection failed" });
    await shell.connect(me);
    expect([sockets.length, shell.current().error]).toEqual([2, ""]);
  });

  it("opens nothing without a ticket", async () => {
    const { shell, sockets } = await start(me, async () => {
      throw new ApiError(409, "The robot has no address");
    });
    expect([sockets.length, shell.current().phase, shell.current().error]).toEqual([
      0,
      "closed",
      "The robot has no address",
    ]);
  });

  it("keeps no secret", async () => {
    const { shell } = await start();
    expect(JSON.stringify({ ...shell, options: undefined, socket: undefined })).not.toContain("secret");
  });

  it("hears nothing more of a socket that was closed", async () => {
    const { shell, socket } = await start();
    shell.close();
    socket.say({ type: "ready" });
    expect(shell.current().phase).toBe("closed");
  });
});
