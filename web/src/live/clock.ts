import { useSyncExternalStore } from "react";

// The server's clock, as far as frames tell: ages must not depend on a wrong clock in the browser's machine.
let offset = 0;

/** Notes that the server's clock shows `serverTime` (ms) now. */
export function syncClock(serverTime: number): void {
  const seen = serverTime - Date.now();
  // Frames that waited in a slow network look old; small differences are that, not the clock.
  if (Math.abs(seen - offset) > 1000) offset = seen;
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
