import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
export type Language = "en" | "de";
export type FleetView = "auto" | "cards" | "list";

/** What a person chose on this device. */
export interface Preferences {
  theme: Theme;
  language: Language;
  fleetView: FleetView;
}

const storageKey = "tonypi.preferences";
const listeners = new Set<() => void>();

function read(): Preferences {
  const language: Language = navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
  const preferences: Preferences = { theme: "system", language, fleetView: "auto" };
  try {
    const stored: Partial<Preferences> = JSON.parse(localStorage.getItem(storageKey) ?? "{}");
    if (stored.theme === "light" || stored.theme === "dark") preferences.theme = stored.theme;
    if (stored.language === "en" || stored.language === "de") preferences.language = stored.language;
    if (stored.fleetView === "cards" || stored.fleetView === "list") preferences.fleetView = stored.fleetView;
  } catch {
    // Storage may be blocked or hold something else: the defaults serve.
  }
  return preferences;
}

let current = read();

export function preferences(): Preferences {
  return current;
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(storageKey, JSON.stringify(current));
  } catch {
    // Kept for this visit only.
  }
  showTheme();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

const darkSystem = "(prefers-color-scheme: dark)";

function showTheme(): void {
  const dark = current.theme === "dark" || (current.theme === "system" && matchMedia(darkSystem).matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.documentElement.lang = current.language;
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", dark ? "#0d1015" : "#f5f6f8");
}

/** Applies theme and language to the document and follows the system. Returns what ends it. */
export function followSystem(): () => void {
  showTheme();
  const system = matchMedia(darkSystem);
  system.addEventListener("change", showTheme);
  return () => system.removeEventListener("change", showTheme);
}
