import { locale } from "@/i18n/translate";

const formats = new Map<string, Intl.NumberFormat>();

/** What stands in the place of a value that is not known. */
export const noValue = "–";

/** Writes a number with a fixed count of decimals, so that digits do not jump while it moves. */
export function number(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return noValue;
  const key = `${locale()} ${decimals}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(key, format);
  }
  const text = format.format(value);
  if (/^-[0.,]*$/.test(text)) return text.slice(1); // no "-0"
  return text.replace("-", "\u2212"); // the minus is as wide as a digit
}

/** Decimals that suit a unit: as many as a person can use. */
export function decimalsFor(unit: string): number {
  if (unit === "V" || unit === "m/s²" || unit === "m") return 2;
  if (unit === "°" || unit === "°/s" || unit === "°C" || unit === "cm") return 1;
  return 0;
}

/** Writes a value with its unit; a thin space stands between them except before ° and %. */
export function withUnit(value: number | null | undefined, unit: string, decimals = decimalsFor(unit)): string {
  const text = number(value, decimals);
  if (text === noValue || unit === "") return text;
  return unit === "°" || unit === "%" ? text + unit : `${text}\u202f${unit}`;
}

/** Writes milliseconds: short ones with a decimal, long ones in seconds. */
export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return noValue;
  return value >= 10_000 ? withUnit(value / 1000, "s", 1) : withUnit(value, "ms", value < 10 ? 1 : 0);
}

/** Writes a size in bytes. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return noValue;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let i = 0;
  while (size >= 1000 && i < units.length - 1) {
    size /= 1000;
    i++;
  }
  return `${number(size, i === 0 || size >= 100 ? 0 : 1)}\u202f${units[i]}`;
}
