import { locale } from "@/i18n/translate";

const day = 24 * 3_600_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function format(time: number, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale()}${JSON.stringify(options)}`;
  const made = formats.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  formats.set(key, made);
  return made.format(time);
}

const date = (time: number) => format(time, { day: "numeric", month: "short" });

/** Writes the times under an axis: as exact as their distance asks for, the date where it changes. */
export function timeTicks(times: readonly number[], distance: number): string[] {
  let shown = "";
  return times.map((time, i) => {
    const today = date(time);
    if (distance >= day) return today;
    const seconds = distance < 60_000;
    const clock = format(time, { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) });
    const changed = i > 0 && today !== shown;
    shown = today;
    if (!changed) return clock;
    return /^00:00(:00)?$/.test(clock) ? today : `${today} ${clock}`;
  });
}

/** Writes the time under the cursor, as exact as the step of the points (ms). */
export function cursorTime(time: number, step: number, now: number): string {
  const sameDay = date(time) === date(now);
  const day = sameDay ? {} : ({ day: "numeric", month: "short" } as const);
  const part = step === 0 ? { fractionalSecondDigits: 1 as const } : {};
  return format(time, { ...day, hour: "2-digit", minute: "2-digit", second: "2-digit", ...part });
}

/** The zone in which times are shown: "CET". */
export function zone(now: number): string {
  const parts = new Intl.DateTimeFormat(locale(), { timeZoneName: "short" }).formatToParts(now);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}
