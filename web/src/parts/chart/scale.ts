/** The borders of a value axis. What is left out follows the values. */
export interface Scale {
  from?: number;
  to?: number;
  /** Least length, so that noise does not look like news. */
  span?: number;
}

/** A threshold of an alert rule. */
export interface Threshold {
  severity: "warning" | "critical";
  value: number;
  below: boolean;
}

const near = 0.5; // of the length of the values
const air = 0.08;

/**
 * Chooses the borders of a value axis for values between low and high. Thresholds that are near the values are brought
 * into sight; far ones would press the values flat.
 */
export function borders(
  low: number | null,
  high: number | null,
  scale: Scale = {},
  thresholds: readonly Threshold[] = [],
): [number, number] {
  let min = low ?? scale.from ?? 0;
  let max = high ?? scale.to ?? min + (scale.span ?? 1);
  const reach = Math.max(max - min, scale.span ?? 0) * near;
  const inSight = thresholds.map((t) => t.value).filter((v) => v >= min - reach && v <= max + reach);
  min = Math.min(min, ...inSight);
  max = Math.max(max, ...inSight);
  const missing = (scale.span ?? 0) - (max - min);
  if (missing > 0) {
    min -= missing / 2;
    max += missing / 2;
  }
  const pad = (max - min) * air || Math.max(1, Math.abs(max) * air);
  // A fixed border gives way to values beyond it: they must be seen.
  const from = scale.from !== undefined && scale.from <= (low ?? scale.from) ? scale.from : min - pad;
  const to = scale.to !== undefined && scale.to >= (high ?? scale.to) ? scale.to : max + pad;
  return from < to ? [from, to] : [from, from + Math.max(1, scale.span ?? 1)];
}
