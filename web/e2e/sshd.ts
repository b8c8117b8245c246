import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "./program";

const program = "/usr/sbin/sshd"; // sshd starts itself anew and wants its whole path

/** Says why there can be no SSH server here; "" when there can. On CI that is a fault. */
export function whyNoSSH(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const keygen = folders.some((folder) => existsSync(join(folder, "ssh-keygen")));
  if (existsSync(program) && keygen) return "";
  const missing = `no ${keygen ? program : "ssh-keygen"}: install openssh-server`;
  if (process.env.CI === "true") throw new Error(missing);
  process.stderr.write(`the terminal is not tested: ${missing}\n`);
  return missing;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** A real OpenSSH server on a free port of this machine that lets the user of the tests in, by the keys of `allow` only. */
export class SSHD {
  readonly user = userInfo().username;
  port = 0;
  private readonly folder = mkdtempSync(join(tmpdir(), "tonypi-sshd-"));
  private child: ChildProcess | undefined;

  async start(): Promise<this> {
    this.port = await freePort();
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true }); // Debian makes it with its own service only
    const config = [
      `Port ${this.port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${this.path("host")}`,
      `AuthorizedKeysFile ${this.path("authorized_keys")}`,
      "PidFile none",
      "UsePAM no",
      "StrictModes no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "PrintMotd no",
      "PrintLastLog no",
      "UseDNS no",
    ];
    writeFileSync(this.path("config"), `${config.join("\n")}\n`);
    this.allow("");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.path("host")]);
    const log: string[] = [];
    // The shell ends when its input does, also when the tests are killed, and takes the server with it.
    const script = '"$0" -D -e -f "$1" & server=$!; cat >/dev/null; kill $server; wait $server';
    this.child = spawn("sh", ["-c", script, program, this.path("config")], { stdio: ["pipe", "ignore", "pipe"] });
    createInterface({ input: this.child.stderr as NodeJS.ReadableStream }).on("line", (line) => log.push(line));
    await eventually("sshd listens", () => {
      if (log.some((line) => line.includes("Server listening"))) return true;
      if (this.child?.exitCode === null) return false;
      throw new Error(`sshd ended:\n${log.join("\n")}`);
    });
    return this;
  }

  /** Lets the holder of a key in, and nobody else; the line is in authorized_keys' format. */
  allow(line: string): void {
    writeFileSync(this.path("authorized_keys"), `${line}\n`, { mode: 0o600 });
  }

  /** The host key's fingerprint as people compare it: SHA256:… */
  fingerprint(): string {
    const told = execFileSync("ssh-keygen", ["-l", "-f", this.path("host.pub")], { encoding: "utf8" });
    return told.split(" ")[1] ?? "";
  }

  async close(): Promise<void> {
    if (this.child && this.child.exitCode === null) {
      const gone = once(this.child, "exit");
      this.child.stdin?.end();
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}
