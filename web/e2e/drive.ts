import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { eventually, type Program } from "./program";

export const pad = (page: Page): Locator => page.getByRole("application", { name: /^Drive pad/ });

/** The lines of the Control page that say what became of commands with this title. */
export const feed = (page: Page, title: string): Locator =>
  page.getByRole("region", { name: "Commands" }).getByRole("button", { name: new RegExp(`^${title}`) });

/** Holds the keys for an arc to the left, in whose way there is no wall, until the page says that the robot walks. */
export async function steer(page: Page): Promise<void> {
  await pad(page).focus();
  await page.keyboard.down("KeyW");
  await page.keyboard.down("KeyQ");
  await page.getByText("Driving", { exact: true }).waitFor();
  await page.locator("main header").getByText("Walking").waitFor();
}

interface Place {
  time: number;
  x: number;
  y: number;
}

/** Where a robot has been since a moment (ms), as it told once a second. */
export async function places(program: Program, id: string, since: number): Promise<Place[]> {
  const from = new Date(since).toISOString();
  const { series } = await program.api<{ series: { source: string; points: number[][] }[] }>(
    "GET",
    `/robots/${id}/series?metric=location&step=0s&from=${from}`,
  );
  const of = (axis: string) => series.find(({ source }) => source === axis)?.points ?? [];
  const y = new Map(of("y").map(([time, value]) => [time, value ?? 0]));
  return of("x").map(([time = 0, x = 0]) => ({ time, x, y: y.get(time) ?? 0 }));
}

/** How far apart the first and the last place are, in metres. */
export function moved(places: readonly Place[]): number {
  const [first, last] = [places[0], places.at(-1)];
  return first && last ? Math.hypot(last.x - first.x, last.y - first.y) : 0;
}

/** The robot stood from a second after the moment on. Four seconds after a drive the simulated ones walk as they like again. */
export async function stood(program: Program, id: string, moment: number): Promise<void> {
  const after = await eventually("the robot has told twice where it is after the stop", async () => {
    const told = await places(program, id, moment - 1000); // a series that begins now is refused
    const later = told.filter(({ time }) => time > moment + 1000 && time < moment + 3900);
    return later.length >= 2 ? later : undefined;
  });
  expect(moved(after), "metres walked later than a second after the stop").toBe(0);
}
