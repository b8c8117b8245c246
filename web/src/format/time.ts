import { locale, type Translate } from "@/i18n/translate";
import { noValue } from "./number";

/** Reads a time that the API wrote; undefined for an absent or zero time. */
export function parseTime(text: string | null | undefined): number | undefined {
  if (!text) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) || time < 0 ? undefined : time; // Go's zero time is the year 1
}

/** Writes a duration in milliseconds with its two largest units at most: "42 s", "5 min", "3 h 12 min", "2 d 4 h". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}\u202fs`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}\u202fmin`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, "h", minutes % 60, "min");
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}\u202f${bigUnit}` : `${big}\u202f${bigUnit} ${small}\u202f${smallUnit}`;
}

/** Writes how long ago something was. Below 1.5 s it is "now". */
export function age(time: number | undefined, now: number, t: Translate): string {
  if (time === undefined) return t("age.never");
  const ms = now - time;
  return ms < 1500 ? t("age.now") : t("age.ago", { age: duration(ms) });
}

/** Writes a local time of day, with the date when it is not today. */
export function clock(time: number | undefined, now: number): string {
  if (time === undefined) return noValue;
  const date = new Date(time);
  const sameDay = date.toDateString() === new Date(now).toDateString();
  return date.toLocaleString(locale(), sameDay ? { timeStyle: "medium" } : { dateStyle: "short", timeStyle: "short" });
}

/** Writes the exact time with milliseconds and zone, for a tooltip. */
export function exact(time: number | undefined): string {
  if (time === undefined) return noValue;
  return new Date(time).toLocaleString(locale(), {
    year: "numeric",
    month: "short",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    timeZoneName: "short",
  });
}
