import { createContext, useContext, useMemo, useSyncExternalStore } from "react";

/** The time (ms) that a person points at, in one chart and so in all of the page. */
export class CursorTime {
  private time: number | undefined;
  private readonly listeners = new Set<() => void>();

  readonly current = (): number | undefined => this.time;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly point = (time: number | undefined): void => {
    if (time === this.time) return;
    this.time = time;
    for (const listener of this.listeners) listener();
  };
}

/** Charts within one context have one cursor; a chart without any has its own. */
export const CursorContext = createContext<CursorTime | undefined>(undefined);

export function useCursor(): readonly [time: number | undefined, cursor: CursorTime] {
  const shared = useContext(CursorContext);
  const own = useMemo(() => new CursorTime(), []);
  const cursor = shared ?? own;
  return [useSyncExternalStore(cursor.subscribe, cursor.current), cursor];
}
