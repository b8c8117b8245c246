import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { eventually, Program } from "./program";
import { SSHD, whyNoSSH } from "./sshd";
import { hire, robots } from "./team";

// The first robot of every demo has no fault of its own.
const id = "tonypi_01";
const noSSH = whyNoSSH();

interface Place {
  time: number;
  x: number;
  y: number;
}

journey("an operator at work", () => {
  const program = new Program("demo", ["--robots", "3"]);
  const sshd = noSSH === "" ? new SSHD() : undefined;
  let page: Page;

  beforeAll(async () => {
    await program.start();
    await hire(program, "ada", "olga");
    await eventually("the fleet is online", async () => {
      const fleet = await robots(program);
      return fleet.length === 3 && fleet.every(({ online }) => online);
    });
    page = await person(program);
    await alreadyIn(page, "olga");
  });
  afterAll(async () => {
    await sshd?.close();
    await program.close();
  });

  const pad = (on = page) => on.getByRole("application", { name: /^Drive pad/ });
  const where = async (since: number): Promise<Place[]> => {
    const from = new Date(since).toISOString();
    const { series } = await program.api<{ series: { source: string; points: number[][] }[] }>(
      "GET",
      `/robots/${id}/series?metric=location&step=0s&from=${from}`,
    );
    const of = (axis: string) => series.find(({ source }) => source === axis)?.points ?? [];
    const y = new Map(of("y").map(([time, value]) => [time, value ?? 0]));
    return of("x").map(([time = 0, x = 0]) => ({ time, x, y: y.get(time) ?? 0 }));
  };
  const moved = (places: readonly Place[]) => {
    const [first, last] = [places[0], places.at(-1)];
    return first && last ? Math.hypot(last.x - first.x, last.y - first.y) : 0;
  };
  /** The robot stands still from a second after the moment on, for as long as it stands by itself after driving. */
  const stoodFrom = async (moment: number) => {
    const places = await eventually("the robot has told of its place after the stop", async () => {
      const after = (await where(moment + 1000)).filter(({ time }) => time < moment + 3500);
      return after.length >= 2 ? after : undefined;
    });
    expect(moved(places), "metres walked later than a second after the stop").toBe(0);
  };
  const drive = async (on: Page) => {
    await pad(on).focus();
    const began = Date.now();
    await on.keyboard.down("KeyW");
    await on.keyboard.down("KeyQ"); // an arc: no wall is in its way
    await on.getByText("Driving", { exact: true }).waitFor();
    await on.locator("main header").getByText("Walking").waitFor();
    await eventually("the robot moves", async () => moved(await where(began)) > 0.02);
  };

  test("drives with the keys; letting go stops the robot", async () => {
    await page.goto("/");
    await page.getByRole("article").getByRole("link", { name: id }).click();
    await page.getByRole("link", { name: "Control", exact: true }).click();
    await drive(page);
    await page.getByText("You have control").waitFor();
    await page.keyboard.up("KeyW");
    await page.keyboard.up("KeyQ");
    const moment = Date.now();
    await page.getByText("Standing", { exact: true }).first().waitFor();
    await stoodFrom(moment);
  });
});
