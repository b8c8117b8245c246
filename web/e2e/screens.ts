import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { eventually, Program } from "./program";
import { OriginalRobot } from "./robot";
import { type View, views } from "./views";

const folder = fileURLToPath(new URL("screens/", import.meta.url));
const sizes = [
  { width: 1440, height: 900 },
  { width: 820, height: 1180 },
  { width: 390, height: 844 },
] as const;
// Windows over a page, and boxes as high as the window: a higher window would not show them as they are.
const windows = new Set([
  "palette",
  "keys",
  "rule-editor",
  "job-start",
  "items-import",
  "logs",
  "log-details",
  "robot-logs",
  "robot-thresholds",
  "robot-remove",
  "command-form",
  "resume",
]);
const themes = ["light", "dark"] as const;
// Enough for a fall, a hot knee and charts that have something to tell.
const watched = Number(process.env.SCREENS_AFTER ?? 90) * 1000;

/** Pictures of every view, each size and theme, into e2e/screens/: for people to look at. */
journey("screens", () => {
  const demo = new Program("demo", ["--robots", "12", "--adopt", "ask"]);
  const fresh = new Program("serve");
  const began = Date.now();
  let stranger: OriginalRobot;

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await Promise.all([demo.start(), fresh.start()]);
    stranger = new OriginalRobot(demo.mqtt, "tonypi_lab_4").start();
    await eventually("the demo has lived for a while", () => Date.now() - began > watched, watched + 10_000);
  }, watched + 60_000);
  afterAll(async () => {
    stranger.stop();
    await Promise.all([demo.close(), fresh.close()]);
  });

  const shoot = async (page: Page, name: string, theme: string, whole = true) => {
    const size = page.viewportSize() ?? sizes[0];
    if (whole) {
      // A window as high as the page, so that bars stay at its edges and long lists have all of their rows.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      if (height > size.height) await page.setViewportSize({ ...size, height: Math.min(height, 3500) });
    }
    await page.evaluate(() => document.fonts.ready);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.screenshot({ path: `${folder}${name}-${size.width}-${theme}.png`, animations: "disabled" });
    await page.setViewportSize(size);
  };

  for (const theme of themes)
    for (const viewport of sizes)
      test(`${viewport.width} ${theme}`, async () => {
        const options = { colorScheme: theme, viewport, hasTouch: viewport.width < 500 };
        const pages = { demo: await person(demo, options), fresh: await person(fresh, options) };
        const take = async (view: View) => {
          const page = pages[view.on];
          await view.open(page);
          await shoot(page, view.name, theme, !windows.has(view.name));
        };
        for (const view of views) await take(view);
        for (const page of Object.values(pages)) await page.context().close();
      });

  const fleet = async (program: Program, name: string, ready: (page: Page) => Promise<unknown>) => {
    for (const theme of themes)
      for (const viewport of sizes) {
        const page = await person(program, { colorScheme: theme, viewport });
        await page.goto("/");
        await ready(page);
        await shoot(page, name, theme, false);
        await page.context().close();
      }
  };

  test.each([1, 1000])("a fleet of %i", async (robots) => {
    const program = new Program("demo", ["--robots", String(robots)]);
    try {
      await program.start();
      await eventually(
        "all of them are online",
        async () => {
          const answer = await program.api<{ robots: { online: boolean }[] }>("GET", "/robots");
          return answer.robots.length === robots && answer.robots.filter(({ online }) => online).length > robots * 0.8;
        },
        120_000,
      );
      await fleet(program, `fleet-of-${robots}`, (page) => page.locator("main a[href^='/robots/']").first().waitFor());
    } finally {
      await program.close();
    }
  });

  test("an empty fleet, then no server", async () => {
    await fresh.setUp();
    for (const theme of themes)
      for (const viewport of sizes) {
        const page = await person(fresh, { colorScheme: theme, viewport });
        await alreadyIn(page);
        await page.goto("/");
        await page.getByRole("button", { name: "Make a join token" }).waitFor();
        await shoot(page, "fleet-empty", theme);
        await page.context().close();
      }
    const pages: [Page, string][] = [];
    for (const theme of themes)
      for (const viewport of sizes) {
        const page = await person(demo, { colorScheme: theme, viewport });
        await page.goto("/?view=cards");
        await page.getByRole("article").nth(2).waitFor();
        pages.push([page, theme]);
      }
    await demo.stop();
    for (const [page, theme] of pages) {
      await page.getByText("No connection to the server").waitFor();
      await shoot(page, "offline", theme, false);
    }
  });
});
