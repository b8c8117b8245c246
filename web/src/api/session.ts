import { useSyncExternalStore } from "react";
import { ApiError, problemToError } from "./error";
import type { components } from "./schema";
import type { User } from "./types";

type SignIn = components["schemas"]["SignedIn"];

/** Who uses the page. `anonymous` means that the server lets whoever is not signed in look with this role. */
export type SessionState = { status: "loading" } | { status: "out" } | { status: "in"; user: User; anonymous: boolean };

const base = "/api/v1/auth";
// Renewing a minute early keeps a request from meeting a token that expires on its way.
const renewBefore = 60_000;
const longestTimer = 2 ** 31 - 1;

/** Session keeps the access token in memory only; a reload gets a new one for the refresh cookie. */
export class Session {
  private state: SessionState = { status: "loading" };
  private token = "";
  private expires = 0;
  private renewing: Promise<boolean> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): SessionState => this.state;

  /** Finds out who uses the page: by the refresh cookie, else as whoever the server lets in. */
  async begin(): Promise<void> {
    if (wasIn() && (await this.renew())) return;
    await this.lookAnonymously();
  }

  /** The access token; "" for the anonymous role; undefined when signed out. */
  async bearer(): Promise<string | undefined> {
    if (this.token && Date.now() > this.expires - renewBefore / 2) await this.renew();
    return this.state.status === "in" ? this.token : undefined;
  }

  /** Gets a new access token, once for all who ask at the same time. Reports whether there is one. */
  renew(): Promise<boolean> {
    this.renewing ??= this.refresh().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  async signIn(username: string, password: string): Promise<void> {
    this.take(await post<SignIn>("login", { username, password }));
  }

  async setUp(body: components["schemas"]["Setup"]): Promise<void> {
    this.take(await post<SignIn>("setup", body));
  }

  async signOut(): Promise<void> {
    try {
      await post("logout", undefined, this.token);
    } finally {
      this.end();
    }
  }

  /** The server no longer knows the session. */
  async lost(): Promise<void> {
    this.token = "";
    await this.lookAnonymously();
  }

  private async refresh(): Promise<boolean> {
    // The cookie's token is good for one use: tabs must take turns, or the second one would look like a thief.
    const turn = <T>(work: () => Promise<T>) =>
      navigator.locks ? navigator.locks.request("tonypi.refresh", work) : work();
    try {
      this.take(await turn(() => post<SignIn>("refresh")));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) return false;
      throw error;
    }
  }

  private async lookAnonymously(): Promise<void> {
    const server = await get<components["schemas"]["ServerInfo"]>("/api/v1/server");
    if (server.anonymous_role === "") this.end();
    else this.set({ status: "in", user: await get<User>(`${base}/me`), anonymous: true });
  }

  private take(answer: SignIn): void {
    this.token = answer.access_token;
    const lifetime = answer.expires_in * 1000;
    this.expires = Date.now() + lifetime;
    remember(true);
    clearTimeout(this.timer);
    const pause = Math.min(longestTimer, Math.max(5000, lifetime - renewBefore));
    this.timer = setTimeout(() => void this.renew().catch(() => undefined), pause);
    this.set({ status: "in", user: answer.user, anonymous: false });
  }

  private end(): void {
    clearTimeout(this.timer);
    this.token = "";
    remember(false);
    this.set({ status: "out" });
  }

  private set(state: SessionState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

const hint = "tonypi.signed-in";

/** Reports whether there may be a refresh cookie; scripts cannot see it. Asking without one would only be refused. */
function wasIn(): boolean {
  try {
    return localStorage.getItem(hint) !== null;
  } catch {
    return true;
  }
}

function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(hint, "1");
    else localStorage.removeItem(hint);
  } catch {
    // Without storage every start asks for the cookie.
  }
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { credentials: "same-origin", ...init });
  } catch {
    throw new ApiError(0, "");
  }
}

async function get<T>(url: string): Promise<T> {
  return read<T>(await send(url, { method: "GET" }));
}

async function read<T>(response: Response): Promise<T> {
  const text = await response.text();
  const answer: unknown = text && response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : undefined;
  if (!response.ok) throw problemToError(response.status, answer);
  return answer as T;
}

async function post<T>(path: string, body?: unknown, token = ""): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  return read<T>(
    await send(`${base}/${path}`, { method: "POST", headers, body: body === undefined ? null : JSON.stringify(body) }),
  );
}

export const session = new Session();

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.current);
}
