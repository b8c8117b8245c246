import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { tile } from "./look";
import { eventually, Program } from "./program";
import { OriginalRobot } from "./robot";

interface Series {
  series: { points: [time: number, min: number, max: number, mean: number, last: number, count: number][] }[];
}

journey("the server goes away under the page", () => {
  const program = new Program("serve", ["--adopt", "auto"]);
  let robot: OriginalRobot;
  let page: Page;

  beforeAll(async () => {
    await program.start();
    await program.setUp();
    robot = new OriginalRobot(program.mqtt, "tonypi_01").start();
    await eventually("the robot is in the fleet", async () => {
      const { robots } = await program.api<{ robots: { online: boolean }[] }>("GET", "/robots");
      return robots[0]?.online;
    });
    page = await person(program);
    await alreadyIn(page);
    await page.goto("/robots/tonypi_01");
  });
  afterAll(async () => {
    robot.stop();
    await program.close();
  });

  /** CPU load of the last five minutes as the charts get it: time and value. */
  const history = async (): Promise<[number, number][]> => {
    const path = "/robots/tonypi_01/series?metric=cpu_percent&range=5m&step=0";
    const { series } = await program.api<Series>("GET", path);
    return (series[0]?.points ?? []).map(([time, , , , last]) => [time, last]);
  };

  const outage = async (signal: "SIGTERM" | "SIGKILL", before: number, after: number) => {
    robot.cpu = before;
    await tile(page, "CPU").getByText(String(before), { exact: true }).waitFor();
    const acknowledged = await eventually("history has the value", async () => {
      const points = await history();
      return points.some(([, value]) => value === before) ? points : undefined;
    });
    // Readings are forced to disk every second; what is older than that must survive a power cut.
    const forced = Math.max(...acknowledged.map(([time]) => time));
    await eventually("a second has passed", async () => (await history()).some(([time]) => time > forced + 1500));

    await program.stop(signal);
    await page.getByRole("status").getByText("No connection to the server").waitFor();
    await tile(page, "CPU")
      .locator(".stale", { hasText: String(before) })
      .waitFor();
    robot.cpu = after;
    await program.start();
    await page.getByText("No connection to the server").waitFor({ state: "detached" });
    await tile(page, "CPU").getByText(String(after), { exact: true }).waitFor();
    await tile(page, "CPU").locator(".stale").waitFor({ state: "detached" });
    expect(new URL(page.url()).pathname, "still signed in, still at the same place").toBe("/robots/tonypi_01");
    await page.getByRole("button", { name: "Account: admin" }).waitFor();

    const kept = new Set((await history()).map(([time]) => time));
    const lost = acknowledged.filter(([time]) => !kept.has(time));
    expect(lost, "samples that were shown before the server went away").toEqual([]);
  };

  test("an update: it says so, keeps the last values greyed, and comes back by itself", async () => {
    await outage("SIGTERM", 33, 44);
  });

  test("a power cut: the same, and the history is there", async () => {
    await outage("SIGKILL", 55, 66);
  });

  test("a page that is opened while the server is away recovers too", async () => {
    await program.stop();
    await page.reload();
    await page.getByText("The server does not answer").waitFor();
    robot.cpu = 27;
    await program.start();
    await page.getByRole("button", { name: "Try again" }).click();
    await tile(page, "CPU").getByText("27", { exact: true }).waitFor();
  });
});
