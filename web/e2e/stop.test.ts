import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { DeafRobot } from "./deaf";
import { eventually, Program } from "./program";
import { commands, hire, outcome, robot } from "./team";

const id = "tonypi_01";

journey("a stop gets through", () => {
  const program = new Program("demo", ["--robots", "1", "--adopt", "auto"]);
  let page: Page;

  beforeAll(async () => {
    await program.start();
    await hire(program, "olga");
    await program.signIn("olga");
    await eventually("the robot is online", async () => (await robot(program, id))?.online);
  });
  afterAll(() => program.close());
  afterEach(async () => {
    await page.context().close();
    const stopped = (await robot(program, id))?.emergency_stopped;
    if (stopped) await program.api("POST", `/robots/${id}/resume?wait=10`, { confirmed: true });
  });

  const stopped = async () => {
    await page.getByText("Stopped: one robot confirmed").waitFor();
    await eventually("the server knows it", async () => (await robot(program, id))?.emergency_stopped);
    expect(await outcome(program, id, "emergency_stop")).toMatchObject({ status: "done", by: "olga" });
  };

  test("when HTTP is blocked, by the live connection", async () => {
    page = await person(program);
    await alreadyIn(page, "olga");
    await page.goto(`/robots/${id}`);
    await page
      .getByRole("status")
      .filter({ hasText: /^Live$/ })
      .waitFor();
    let blocked = 0;
    await page.route("**/api/**", (route) => {
      blocked++;
      return route.abort();
    });
    await page
      .getByRole("button", { name: `Stop ${id}` })
      .first()
      .click();
    await stopped();
    await page.evaluate(() => fetch("/api/v1/health").catch(() => undefined));
    expect(blocked, "requests that the block caught").toBeGreaterThan(0);
  });

  test("when the live connection is blocked, by HTTP", async () => {
    page = await person(program);
    await alreadyIn(page, "olga");
    let refused = 0;
    await page.routeWebSocket(/\/api\/v1\/live/, (socket) => {
      refused++;
      void socket.close();
    });
    await page.goto(`/robots/${id}`);
    await page.getByText("No connection", { exact: true }).waitFor();
    await page.keyboard.press("F8");
    await stopped();
    expect(refused, "live connections that the block caught").toBeGreaterThan(0);
  });

  test("a robot that does not confirm is shouted about until it does", async () => {
    const deaf = await new DeafRobot(program.mqtt, "deaf_one").start();
    try {
      await eventually("it is in the fleet", async () => (await robot(program, deaf.id))?.online);
      page = await person(program);
      await alreadyIn(page, "olga");
      await page.goto(`/robots/${deaf.id}`);
      await page
        .getByRole("status")
        .filter({ hasText: /^Live$/ })
        .waitFor();
      const shout = page.getByRole("alert").filter({ hasText: "One robot has not confirmed the stop. Look at it!" });
      const pressed = Date.now();
      await page.keyboard.press("F8");
      await shout.waitFor();
      const seconds = (Date.now() - pressed) / 1000;
      process.stdout.write(`stop: a robot that does not confirm is shouted about after ${seconds.toFixed(1)} s\n`);
      expect(seconds, "seconds until the page shouts").toBeLessThan(3);
      await shout.getByRole("link", { name: deaf.id }).waitFor();
      const alerts = () =>
        program.api<{ severity: string; resolved: boolean }[]>(
          "GET",
          `/alerts?robot_id=${deaf.id}&severity=critical&time_range=all`,
        );
      await eventually("an alert is open", async () => (await alerts()).some((alert) => !alert.resolved));
      await eventually("the stop is sent again", () => deaf.heard > 1);

      deaf.confirm();
      await shout.waitFor({ state: "detached" });
      await page.getByText("Stopped: one robot confirmed").waitFor();
      await eventually("the alert is over", async () => (await alerts()).every((alert) => alert.resolved));
      await outcome(program, deaf.id, "emergency_stop");
      expect(await commands(program, deaf.id, "emergency_stop"), "the stop counts once").toMatchObject([
        { status: "done", by: "olga" },
      ]);
    } finally {
      deaf.stop();
    }
  });
});
