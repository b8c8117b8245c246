import { useCallback } from "react";
import { type Language, preferences, usePreferences } from "@/preferences";
import { type Key, messages } from "./messages";

export type { Key } from "./messages";
export type Params = Record<string, string | number>;

/**
 * Returns the message in a language. `{name}` is replaced by params.name. A message "one robot | {n} robots" is chosen
 * by params.n.
 */
export function translate(language: Language, key: Key, params: Params = {}): string {
  const forms = messages[key][language].split(" | ");
  const form = (forms.length > 1 && params.n !== 1 ? forms[1] : forms[0]) ?? key;
  return form.replace(/\{(\w+)\}/g, (hole, name: string) => String(params[name] ?? hole));
}

export type Translate = (key: Key, params?: Params) => string;

/** Returns the translator for the language that the person chose. */
export function useT(): Translate {
  const { language } = usePreferences();
  return useCallback((key, params) => translate(language, key, params), [language]);
}

/** Reports whether a name that came from the server has a message under this prefix. */
export function keyFor(prefix: string, name: string): Key | undefined {
  const key = `${prefix}.${name}`;
  return key in messages ? (key as Key) : undefined;
}

export const locale = (language: Language = preferences().language): string => (language === "de" ? "de-DE" : "en-GB");
