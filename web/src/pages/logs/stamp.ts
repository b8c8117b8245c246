import { noValue } from "@/format/number";
import { locale } from "@/i18n/translate";

const time = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${Object.keys(options).join()}`;
  const known = time.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  time.set(key, known);
  return known;
}

/** Writes when a line was written: the time to the millisecond, or the day and the minute when it was not today. */
export function stamp(at: number | undefined, now = Date.now()): string {
  if (at === undefined) return noValue;
  if (new Date(at).toDateString() !== new Date(now).toDateString()) {
    return format({ day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" }).format(at);
  }
  return format({
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  }).format(at);
}
