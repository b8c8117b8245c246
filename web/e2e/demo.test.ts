import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { journey, person } from "./browser";
import { tile } from "./look";
import { eventually, Program } from "./program";

interface Alert {
  robot_id: string;
  source: string;
  severity: string;
}

journey("the demo", () => {
  const program = new Program("demo", ["--robots", "12"]);
  let page: Page;
  let started = 0;

  beforeAll(async () => {
    started = Date.now();
    await program.start();
    page = await person(program);
  });
  afterAll(() => program.close());

  const cards = () => page.getByRole("article");
  /** The names of the robots as the page lists them now. */
  const names = (role: "article" | "row" = "article") => page.getByRole(role).getByRole("link").allTextContents();

  test("shows a moving fleet within ten seconds of one command, without signing in", async () => {
    await page.goto("/");
    await cards().nth(11).waitFor();
    expect(await cards().count()).toBe(12);
    await page.getByText(/1[0-2] online/).waitFor();
    // The simulated bodies walk: some figure or number changes without anybody doing anything.
    const seen = await cards().allTextContents();
    await eventually("the cards move", async () => {
      const now = await cards().allTextContents();
      return now.filter((text, i) => text !== seen[i]).length >= 6;
    });
    const seconds = (Date.now() - started) / 1000;
    process.stdout.write(`demo: a moving fleet of 12 after ${seconds.toFixed(1)} s\n`);
    expect(seconds).toBeLessThan(10);
    await page.getByText("Demo", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Account: anonymous" }).click();
    await page.getByText("Administrator").waitFor();
    await page.keyboard.press("Escape");
  });

  test("search, filter and order are in the URL", async () => {
    await page.goto("/?view=cards");
    await page.getByRole("searchbox", { name: "Search robots" }).fill("tonypi_07");
    await page.waitForURL("**/*q=tonypi_07*");
    await eventually("one card is left", async () => (await cards().count()) === 1);
    await page.getByRole("searchbox", { name: "Search robots" }).fill("no such robot");
    await page.getByText("No robot matches").waitFor();
    await page.getByRole("button", { name: "Clear search and filter" }).click();
    await cards().nth(11).waitFor();
    await page.getByRole("combobox", { name: "Sort by" }).selectOption({ label: "Name" });
    await page.waitForURL("**/*sort=name*");
    await eventually("the cards are in the order of the names", async () => {
      const shown = await names();
      return shown.length === 12 && shown.every((name, i) => i === 0 || name.localeCompare(shown[i - 1] ?? "") > 0);
    });
    await page.reload();
    await cards().nth(11).waitFor();
    expect(await page.getByRole("combobox", { name: "Sort by" }).inputValue()).toBe("name");
    await page.getByRole("button", { name: /^With alerts/ }).click();
    await page.waitForURL("**/*show=alerts*");
    await eventually("only robots with alerts are left", async () => {
      const shown = await cards().allTextContents();
      return shown.length > 0 && shown.length < 12 && shown.every((text) => text.includes("alert"));
    });
  });

  test("an address with nonsense shows the fleet as usual", async () => {
    await page.goto(`/?sort=bogus&show=bogus&view=cards&down=perhaps`);
    await cards().nth(11).waitFor();
  });

  test("the list has one row a robot and is ordered by its headings", async () => {
    await page.goto("/?view=cards");
    await page.getByRole("button", { name: "List", exact: true }).click();
    await page.waitForURL("**/*view=list*");
    await eventually("there are 12 rows", async () => (await names("row")).length === 12);
    await page.getByRole("columnheader").getByRole("button", { name: "Battery" }).click();
    await page.getByRole("columnheader", { name: "Battery" }).and(page.locator('[aria-sort="ascending"]')).waitFor();
    await page.getByRole("columnheader").getByRole("button", { name: "Battery" }).click();
    await page.getByRole("columnheader", { name: "Battery" }).and(page.locator('[aria-sort="descending"]')).waitFor();
    await page.goto("/");
    await eventually("the list is what this device shows from now on", async () => (await names("row")).length === 12);
    await page.getByRole("button", { name: "Cards", exact: true }).click();
    await cards().nth(11).waitFor();
  });

  test("everything can be reached by keys alone", async () => {
    await page.goto(`/?view=cards&sort=name`);
    await cards().nth(11).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "detached" });

    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to or do" }).waitFor();
    await page.keyboard.type("tonypi_03");
    await page
      .getByRole("option", { name: /tonypi_03/ })
      .and(page.locator('[aria-selected="true"]'))
      .waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/robots/tonypi_03");

    await tabTo("Performance");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/robots/tonypi_03/performance");
    await page.keyboard.press("g");
    await page.keyboard.press("f");
    await page.waitForURL((url) => url.pathname === "/");
    await cards().nth(11).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("tonypi_05");
    await eventually("one card is left", async () => (await cards().count()) === 1);
    const card = await cards().getByRole("link").textContent();
    await tabTo(card ?? "");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/robots/tonypi_05");
  });

  /** Presses Tab until the focus is on the link with this text. */
  const tabTo = async (text: string) => {
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    for (let presses = 0; presses < 80; presses++) {
      if ((await focused()) === text) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`80 times Tab do not reach ${text}`);
  };

  test("light and dark by one key, and it stays", async () => {
    await page.goto(`/robots/tonypi_03`);
    await tile(page, "CPU").waitFor();
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const [before, color] = [await theme(), await ground()];
    await page.keyboard.press("d");
    await eventually("the theme is another", async () => (await theme()) !== before && (await ground()) !== color);
    const other = await theme();
    await page.reload();
    await tile(page, "CPU").waitFor();
    expect(await theme()).toBe(other);
    await page.keyboard.press("d");
    await eventually("the theme is as before", async () => (await theme()) === before);
  });

  test("the robot with the dragging knee raises an alert, which the page tells at once", async () => {
    await page.goto(`/robots/tonypi_02`);
    const alert = await eventually(
      "the hot knee is noticed",
      async () => {
        const alerts = await program.api<Alert[]>("GET", "/alerts?robot_id=tonypi_02&time_range=1h");
        return alerts.find(({ source }) => source === "servo_3");
      },
      100_000 - (Date.now() - started),
    );
    process.stdout.write(`demo: ${alert.severity} for the hot knee after ${(Date.now() - started) / 1000} s\n`);
    await page
      .getByRole("region", { name: "Last events" })
      .getByText(/knee|servo/i)
      .first()
      .waitFor();
    await page.goto("/");
    await cards()
      .filter({ has: page.getByRole("link", { name: "tonypi_02" }) })
      .getByText(/alert/)
      .waitFor();
  });
});
