export type LinkQuality = "excellent" | "good" | "fair" | "poor" | "unknown";

/** Judges a radio link by signal (dBm) and round trip (ms); the worse one counts, a missing one does not. */
export function linkQuality(signal: number | undefined, roundTrip: number | undefined): LinkQuality {
  const bars = Math.min(signalBars(signal), roundTripBars(roundTrip));
  return ([undefined, "poor", "fair", "good", "excellent"] as const)[bars] ?? "unknown";
}

/** How many of four bars a quality fills. */
export function linkBars(quality: LinkQuality): number {
  return { unknown: 0, poor: 1, fair: 2, good: 3, excellent: 4 }[quality];
}

function signalBars(dBm: number | undefined): number {
  if (dBm === undefined) return Number.POSITIVE_INFINITY;
  if (dBm >= -55) return 4;
  if (dBm >= -67) return 3;
  return dBm >= -75 ? 2 : 1;
}

function roundTripBars(ms: number | undefined): number {
  if (ms === undefined) return Number.POSITIVE_INFINITY;
  if (ms <= 30) return 4;
  if (ms <= 100) return 3;
  return ms <= 250 ? 2 : 1;
}
