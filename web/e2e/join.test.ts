import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { tile } from "./look";
import { eventually, Program } from "./program";
import { OriginalRobot } from "./robot";

journey("an original client joins", () => {
  const program = new Program("serve");
  let robot: OriginalRobot;
  let page: Page;

  beforeAll(async () => {
    await program.start();
    await program.setUp();
    robot = new OriginalRobot(program.mqtt, "tonypi_01");
    page = await person(program);
    await alreadyIn(page);
  });
  afterAll(async () => {
    robot.stop();
    await program.close();
  });

  test("a stranger that talks wants to join, and shows what it says", async () => {
    await page.goto("/");
    await page.getByRole("heading", { name: "Connect the first robot" }).waitFor();
    robot.start();
    const asking = page.getByRole("region", { name: "one robot wants to join" });
    await asking.getByText("tonypi_01").waitFor();
    await asking.getByText("from 127.0.0.1").waitFor();
    await asking.getByText("What it says").click();
    await asking.getByText("tonypi/status/tonypi_01").first().waitFor();
    const { robots } = await program.api<{ robots: unknown[] }>("GET", "/robots");
    expect(robots, "a stranger is not in the fleet").toEqual([]);
  });

  test("one click lets it in", async () => {
    await page.getByRole("button", { name: "Accept" }).click();
    const card = page.getByRole("article").filter({ hasText: "tonypi_01" });
    await card.getByText("Online").waitFor();
    await card.getByText("88%").waitFor();
    await page.getByText("wants to join").waitFor({ state: "detached" });
    robot.battery = 71;
    await card.getByText("71%").waitFor();
  });

  test("its numbers move on the live view", async () => {
    await page.getByRole("article").getByRole("link", { name: "tonypi_01" }).click();
    await page.waitForURL("**/robots/tonypi_01");
    for (const cpu of [37, 52, 41]) {
      robot.cpu = cpu;
      await tile(page, "CPU").getByText(String(cpu), { exact: true }).waitFor();
    }
    await page.getByRole("heading", { name: "tonypi_01" }).waitFor();
    await tile(page, "Distance").getByText("150", { exact: true }).waitFor();
  });

  test.each([
    { tab: "Performance", chart: "CPU", value: "41" },
    { tab: "Sensors", chart: "Distance (ultrasonic)", value: "149.9" },
    { tab: "Servos", chart: "Temperature", value: "48" },
  ])("its history is on $tab", async ({ tab, chart, value }) => {
    await page.getByRole("navigation", { name: "Views of the robot" }).getByRole("link", { name: tab }).click();
    await page.waitForURL(`**/robots/tonypi_01/${tab.toLowerCase()}*`);
    await page.getByRole("button", { name: `${chart}: show as table` }).click();
    const table = page.getByRole("dialog").getByRole("table");
    await table.getByRole("row").nth(2).waitFor();
    await table.getByText(value, { exact: true }).first().waitFor();
    await page.keyboard.press("Escape");
  });

  test("a robot that falls silent is shown as offline, with its last values", async () => {
    await page.goto("/robots/tonypi_01");
    robot.stop();
    await page.getByText("Offline since").waitFor();
    await tile(page, "CPU").getByText("41", { exact: true }).waitFor();
    robot.start();
    await page.getByText("Offline since").waitFor({ state: "detached" });
    const latest = () =>
      program.api<{ readings: { metric: string; value: number }[] }>("GET", "/robots/tonypi_01/latest");
    await eventually("its sensors are known", async () =>
      (await latest()).readings.some((each) => each.metric === "distance"),
    );
  });
});
