import { serverNow } from "@/live/clock";
import { boundaryOf, MjpegParser, type Picture } from "./mjpeg";

/** What a stream shows. */
export interface StreamState {
  phase: "connecting" | "live" | "lost" | "paused";
  /** Pictures a second over the last two seconds. */
  fps: number;
  /** Server time (ms) at which the newest picture reached the server; undefined before the first. */
  takenAt: number | undefined;
  width: number;
  height: number;
  error: unknown;
}

type Open = (signal: AbortSignal) => Promise<{ contentType: string | null; body: ReadableStream<Uint8Array> }>;

const shortestPause = 500;
const longestPause = 8000;
const counted = 2000;
// A camera that sends nothing for so long is asked anew. Whoever drives by the picture must know soon that it stands.
const opensWithin = 10_000;
const quietFor = 3000;

/**
 * CameraStream reads pictures and hands on the newest one that the page had time to decode: a slow page shows fewer
 * pictures, not older ones. It comes back by itself when the stream breaks.
 */
export class CameraStream {
  private state: StreamState = {
    phase: "connecting",
    fps: 0,
    takenAt: undefined,
    width: 0,
    height: 0,
    error: undefined,
  };
  private readonly listeners = new Set<() => void>();
  private readonly times: number[] = [];
  private newest: Picture | undefined;
  private drawing = false;
  private control: AbortController | undefined;

  constructor(
    private readonly open: Open,
    private readonly draw: (bitmap: ImageBitmap) => void,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): StreamState => this.state;

  start(): void {
    if (this.control) return;
    this.control = new AbortController();
    void this.run(this.control.signal);
  }

  stop(): void {
    this.control?.abort();
    this.control = undefined;
    this.set({ phase: "paused", fps: 0 });
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      this.set({ phase: "connecting" });
      try {
        if (await this.read(signal)) failures = 0;
        this.set({ error: undefined });
      } catch (error) {
        if (signal.aborted) return;
        this.set({ error });
      }
      if (signal.aborted) return;
      this.set({ phase: "lost", fps: 0 });
      await pause(Math.min(longestPause, shortestPause * 2 ** failures), signal);
    }
  }

  /** Reads until the stream ends; reports whether a picture came. */
  private async read(signal: AbortSignal): Promise<boolean> {
    const own = new AbortController();
    const end = () => own.abort();
    signal.addEventListener("abort", end);
    let watchdog = setTimeout(end, opensWithin);
    try {
      const { contentType, body } = await this.open(own.signal);
      const boundary = boundaryOf(contentType);
      if (boundary === undefined) throw new TypeError("not a stream of pictures");
      const parser = new MjpegParser(boundary);
      const reader = body.getReader();
      let some = false;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return some;
        const pictures = parser.push(value);
        if (pictures.length === 0) continue;
        some = true;
        clearTimeout(watchdog);
        watchdog = setTimeout(end, quietFor);
        for (const picture of pictures) this.take(picture);
      }
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", end);
      own.abort();
    }
  }

  private take(picture: Picture): void {
    const now = performance.now();
    this.times.push(now);
    while (this.times[0] !== undefined && now - this.times[0] > counted) this.times.shift();
    this.newest = picture;
    if (!this.drawing) void this.drawNewest();
  }

  private async drawNewest(): Promise<void> {
    this.drawing = true;
    while (this.newest && this.control) {
      const picture = this.newest;
      this.newest = undefined;
      try {
        const bitmap = await createImageBitmap(new Blob([picture.jpeg], { type: "image/jpeg" }));
        this.draw(bitmap);
        this.shown(picture, bitmap);
        bitmap.close();
      } catch {
        // One broken picture among many is no news.
      }
    }
    this.drawing = false;
  }

  private shown(picture: Picture, { width, height }: ImageBitmap): void {
    const stamp = Number(picture.headers.get("x-timestamp"));
    const takenAt = stamp > 0 ? stamp : serverNow();
    const fps = this.times.length > 1 ? (this.times.length - 1) / (counted / 1000) : 0;
    this.set({ phase: "live", error: undefined, takenAt, width, height, fps });
  }

  private set(change: Partial<StreamState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resume) => {
    const timer = setTimeout(resume, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resume();
    });
  });
}
