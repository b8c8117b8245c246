/** How hot a servo is. The borders are those of the server's default alert rule for servo temperature. */
export type Heat = "calm" | "warm" | "hot" | "critical";

export const servoHeat = { warm: 45, hot: 50, critical: 70 };

export function heat(celsius: number): Heat {
  if (celsius >= servoHeat.critical) return "critical";
  if (celsius >= servoHeat.hot) return "hot";
  return celsius >= servoHeat.warm ? "warm" : "calm";
}

type Stop = readonly [celsius: number, hue: number, chroma: number, light: number];

// From a cool slate blue over amber to red; lightness falls with heat, so the order survives without colour vision.
const stops: readonly Stop[] = [
  [25, 240, 0.05, 0.76],
  [40, 230, 0.09, 0.72],
  [48, 105, 0.13, 0.76],
  [55, 70, 0.16, 0.7],
  [70, 28, 0.2, 0.58],
  [85, 22, 0.21, 0.47],
];

/** Colour of a temperature as a CSS colour. */
export function heatColor(celsius: number): string {
  const first = stops[0] as Stop;
  const last = stops[stops.length - 1] as Stop;
  const at = Math.min(Math.max(celsius, first[0]), last[0]);
  const i = Math.max(
    1,
    stops.findIndex((stop) => stop[0] >= at),
  );
  const a = stops[i - 1] as Stop;
  const b = stops[i] as Stop;
  const f = (at - a[0]) / (b[0] - a[0]);
  const mix = (n: 1 | 2 | 3) => a[n] + (b[n] - a[n]) * f;
  return `oklch(${mix(3).toFixed(3)} ${mix(2).toFixed(3)} ${mix(1).toFixed(1)})`;
}
