import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { tile } from "./look";
import { eventually, Program, password } from "./program";
import { OriginalRobot } from "./robot";

journey("a viewer", () => {
  const program = new Program("serve");
  let robots: OriginalRobot[];
  let page: Page;

  beforeAll(async () => {
    await program.start();
    await program.setUp();
    robots = ["tonypi_01", "stranger"].map((id) => new OriginalRobot(program.mqtt, id).start());
    await eventually("both robots knock", async () => {
      const pending = await program.api<{ robots: unknown[] }>("GET", "/robots/pending");
      return pending.robots.length === 2;
    });
    await program.api("POST", "/robots/tonypi_01/adopt");
    await program.api("POST", "/users", { username: "vera", email: "vera@example.org", password, role: "viewer" });
    page = await person(program);
    await alreadyIn(page, "vera");
  });
  afterAll(async () => {
    for (const robot of robots) robot.stop();
    await program.close();
  });

  test("sees the fleet live, but no stranger and no button", async () => {
    await page.goto("/");
    await page.getByRole("article").filter({ hasText: "tonypi_01" }).getByText("Online").waitFor();
    expect(await page.getByText("wants to join").count()).toBe(0);
    const main = page.getByRole("navigation", { name: "Main" });
    expect(await main.getByRole("link", { name: "Users" }).count()).toBe(0);
    await page.getByRole("link", { name: "tonypi_01" }).click();
    const robot = robots[0];
    if (robot) robot.cpu = 63;
    await tile(page, "CPU").getByText("63", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: /^Actions for/ }).count()).toBe(0);
  });

  test("is told why at an address that is not for viewers", async () => {
    await page.goto("/users");
    await page.getByText("Your role does not allow this").waitFor();
  });

  test("is signed out at once when the account is switched off", async () => {
    await page.goto("/");
    await page.getByRole("article").filter({ hasText: "tonypi_01" }).waitFor();
    const users = await program.api<{ id: string; username: string }[]>("GET", "/users");
    const vera = users.find(({ username }) => username === "vera");
    await program.api("PUT", `/users/${vera?.id}`, { is_active: false });
    await page.waitForURL("**/sign-in*");
  });
});
