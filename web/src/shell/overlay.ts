import { useSyncExternalStore } from "react";

export type Overlay = "palette" | "keys" | "password" | undefined;

let open: Overlay;
const listeners = new Set<() => void>();

/** Shows one of the windows over the page, or none. */
export function show(overlay: Overlay): void {
  open = overlay;
  for (const listener of listeners) listener();
}

export const openPalette = (): void => show("palette");

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useOverlay(): Overlay {
  return useSyncExternalStore(subscribe, () => open);
}
