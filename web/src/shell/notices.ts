import { createContext, useContext, useSyncExternalStore } from "react";
import type { Alert } from "@/api/types";

/** What the bell and the toasts show. */
export interface NoticeState {
  alerts: readonly Alert[]; // newest first
  unseen: number;
  toasts: readonly Alert[];
}

const kept = 50;
const shownAtOnce = 3;

/** Notices holds the alerts that came while the page was open. */
export class Notices {
  private state: NoticeState = { alerts: [], unseen: 0, toasts: [] };
  private readonly listeners = new Set<() => void>();

  /** Alerts that are `told` elsewhere on the screen are for the bell only. */
  constructor(private readonly told: (alert: Alert) => boolean = () => false) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): NoticeState => this.state;

  /** Adds alerts; one that became worse takes the place of itself. */
  readonly add = (alerts: readonly Alert[]): void => {
    const ids = new Set(alerts.map((alert) => alert.id));
    const without = (list: readonly Alert[]) => list.filter((alert) => !ids.has(alert.id));
    this.set({
      alerts: [...alerts, ...without(this.state.alerts)].slice(0, kept),
      unseen: Math.min(kept, this.state.unseen + alerts.length),
      toasts: [...alerts.filter((alert) => !this.told(alert)), ...without(this.state.toasts)].slice(0, shownAtOnce),
    });
  };

  readonly seen = (): void => this.set({ ...this.state, unseen: 0, toasts: [] });

  readonly dismiss = (id: number): void =>
    this.set({ ...this.state, toasts: this.state.toasts.filter((alert) => alert.id !== id) });

  private set(state: NoticeState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

export const NoticesContext = createContext(new Notices());

export function useNotices(): [NoticeState, Notices] {
  const notices = useContext(NoticesContext);
  return [useSyncExternalStore(notices.subscribe, notices.current), notices];
}
