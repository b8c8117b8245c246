import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeViolations, journey, person } from "./browser";
import { eventually, Program } from "./program";
import { OriginalRobot } from "./robot";
import { type View, views } from "./views";

journey("every view", () => {
  const program = new Program("demo", ["--robots", "8", "--adopt", "ask"]);
  const fresh = new Program("serve");
  let stranger: OriginalRobot;

  beforeAll(async () => {
    await Promise.all([program.start(), fresh.start()]);
    stranger = new OriginalRobot(program.mqtt, "stranger").start();
    await eventually("there is an alert to look at", async () => {
      const alerts = await program.api<unknown[]>("GET", "/alerts?time_range=1h");
      return alerts.length > 0;
    });
  });
  afterAll(async () => {
    stranger.stop();
    await Promise.all([program.close(), fresh.close()]);
  });

  const look = async (page: Page, view: View) => {
    await view.open(page);
    expect(await axeViolations(page), `${view.name} at ${page.url()}`).toEqual([]);
  };

  test("axe finds what is wrong", async () => {
    const page = await person(fresh, { bypassCSP: true });
    await page.goto("/sign-in");
    await page.getByLabel("User name").waitFor();
    await page.evaluate(() => document.body.append(document.createElement("img")));
    expect(await axeViolations(page)).toEqual([expect.stringMatching(/^image-alt:/)]);
    await page.context().close();
  });

  test.each(["light", "dark"] as const)("axe finds nothing serious in %s", async (colorScheme) => {
    const options = { colorScheme, bypassCSP: true, reducedMotion: "reduce" as const };
    const pages = { demo: await person(program, options), fresh: await person(fresh, options) };
    const found: string[] = [];
    for (const view of views) {
      await look(pages[view.on], view).catch((error: Error) => found.push(error.message));
    }
    expect(found.join("\n")).toBe("");
    for (const page of Object.values(pages)) await page.context().close();
  });

  test("nothing runs out of the side of a phone", async () => {
    const options = { viewport: { width: 390, height: 844 }, hasTouch: true };
    const pages = { demo: await person(program, options), fresh: await person(fresh, options) };
    const wide: string[] = [];
    for (const view of views) {
      const page = pages[view.on];
      await view.open(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) wide.push(`${view.name}: ${over} px`);
    }
    expect(wide).toEqual([]);
    for (const page of Object.values(pages)) await page.context().close();
  });
});
