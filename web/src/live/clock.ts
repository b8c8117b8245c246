import { useSyncExternalStore } from "react";

// The server's clock, as far as frames tell: ages and stops' times must not depend on a wrong clock in the browser's
// machine. A frame that waited on its way looks old, never young: the youngest one of the last minute is right.
let offset = 0;
let slots: { began: number; best: number }[] = [];
const slotLength = 10_000;
const slotsFor = 60_000;
// No frame that is worth showing is so late: a clock was set.
const jump = 30_000;

/** Notes that the server's clock shows `serverTime` (ms) now. */
export function syncClock(serverTime: number): void {
  const now = Date.now();
  const seen = serverTime - now;
  const best = Math.max(seen, ...slots.map((slot) => slot.best));
  // What was seen before a jump counts no more, nor what a clock that was set back says will be seen.
  if (best - seen > jump || seen - offset > jump) slots = [];
  slots = slots.filter(({ began }) => began <= now && now - began < slotsFor);
  const newest = slots.at(-1);
  if (newest && now - newest.began < slotLength) newest.best = Math.max(newest.best, seen);
  else slots.push({ began: now, best: seen });
  offset = Math.max(...slots.map((slot) => slot.best));
}

/** The server's time in ms. */
export function serverNow(): number {
  return Date.now() + offset;
}

const listeners = new Set<() => void>();
let ticker: ReturnType<typeof setInterval> | undefined;
let tick = serverNow();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (ticker === undefined) {
    tick = serverNow();
    ticker = setInterval(() => {
      tick = serverNow();
      for (const each of listeners) each();
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(ticker);
    ticker = undefined;
  };
}

/** The server's time in ms, renewed once a second for everything that shows an age. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => tick);
}
