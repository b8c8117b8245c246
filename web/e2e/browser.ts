import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject } from "vitest";
import { type Program, password, patience } from "./program";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser: Browser;
let faults: string[] = [];

/** A group of tests that need the browser: skipped when there is none. Each file has one browser. */
export function journey(name: string, steps: () => void): void {
  describe.skipIf(inject("chromium") === "")(name, () => {
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: inject("chromium"), args: flags, timeout: patience });
    });
    afterAll(async () => await browser?.close());
    afterEach(() => {
      const seen = faults;
      faults = [];
      expect(seen, "faults in the browser's console").toEqual([]);
    });
    steps();
  });
}

// What the browser itself says of a server that is away, or of an answer that the page shows to the person.
const expected = /Failed to load resource|WebSocket connection to|net::ERR_/;

/** A fresh person: no cookies, no storage. */
export async function person(program: Program, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: program.url,
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    ...options,
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected.test(message.text())) faults.push(message.text());
  });
  return page;
}

/** Signs a person in without the form, as if they had done so before. */
export async function alreadyIn(page: Page, username = "admin"): Promise<void> {
  const answer = await page.context().request.post("/api/v1/auth/login", { data: { username, password } });
  expect(answer.status(), await answer.text()).toBe(200);
  await page.addInitScript(() => localStorage.setItem("tonypi.signed-in", "1"));
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Lets axe look at the page; for contexts that were made with bypassCSP. Returns what is serious, one line a rule. */
export async function axeViolations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.addScriptTag({ content: axe });
  const { violations } = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    return await axe.run(document, { resultTypes: ["violations"] });
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}\n  ${nodes
          .slice(0, 5)
          .map((node) => node.html)
          .join("\n  ")}`,
    );
}
