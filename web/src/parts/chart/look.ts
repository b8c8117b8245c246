/** How line i is drawn: colour and dashes both tell lines apart, so that either alone is enough for six of them. */
export interface Look {
  color: string; // a CSS variable
  dash: readonly number[];
}

const colors = 6;
const dashes: readonly (readonly number[])[] = [[], [7, 3], [3, 2], [10, 3, 2, 3], [14, 5], [5, 2, 1, 2]];

export function lookOf(i: number): Look {
  const round = Math.floor(i / colors);
  return { color: `--series-${(i % colors) + 1}`, dash: dashes[(i + round) % dashes.length] ?? [] };
}

/** The colour that a CSS variable has now; it changes with the theme. */
export function resolve(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim() || "#888";
}
