import type { Page } from "playwright-core";

/** A view of the page and how a person gets there; ready when what it is about is on the screen. */
export interface View {
  name: string;
  /** The demo with its fleet, or a server that was never set up. */
  on: "demo" | "fresh";
  open: (page: Page) => Promise<void>;
}

/** A robot of the demo whose life has alerts and moving values. */
const robot = "/robots/tonypi_02";

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name }).first().waitFor();

/** Charts are ready when no grey shape is left in their places. */
async function drawn(page: Page): Promise<void> {
  await page.locator("main figure canvas").first().waitFor();
  await page.locator("main .animate-pulse").first().waitFor({ state: "detached" });
}

async function opened(page: Page, tab: string): Promise<void> {
  await page.goto(`${robot}${tab}`);
  await heading(page, "tonypi_02");
}

export const views: readonly View[] = [
  {
    name: "sign-in",
    on: "fresh",
    open: async (page) => {
      await page.goto("/sign-in");
      await page.getByText("This server has no administrator yet").waitFor();
    },
  },
  {
    name: "setup",
    on: "fresh",
    open: async (page) => {
      await page.goto("/setup#token=looks-like-one");
      await page.getByLabel("Password again").waitFor();
    },
  },
  {
    name: "fleet-cards",
    on: "demo",
    open: async (page) => {
      await page.goto("/?view=cards");
      await page.getByRole("article").nth(2).waitFor();
      await heading(page, "one robot wants to join");
    },
  },
  {
    name: "fleet-list",
    on: "demo",
    open: async (page) => {
      await page.goto("/?view=list");
      await page.getByRole("row").getByRole("link").nth(2).waitFor();
    },
  },
  {
    name: "live",
    on: "demo",
    open: async (page) => {
      await opened(page, "");
      await page.locator('dl[aria-label="Vital signs"]').getByText("°C").first().waitFor();
    },
  },
  {
    name: "performance",
    on: "demo",
    open: async (page) => {
      await opened(page, "/performance");
      await drawn(page);
    },
  },
  {
    name: "sensors",
    on: "demo",
    open: async (page) => {
      await opened(page, "/sensors");
      await drawn(page);
    },
  },
  {
    name: "servos",
    on: "demo",
    open: async (page) => {
      await opened(page, "/servos");
      await page.getByRole("row").nth(5).waitFor();
      await drawn(page);
    },
  },
  {
    name: "robot-alerts",
    on: "demo",
    open: async (page) => {
      await opened(page, "/alerts");
      await page.getByRole("button", { name: /^Open/ }).waitFor();
    },
  },
  {
    name: "alerts",
    on: "demo",
    open: async (page) => {
      await page.goto("/alerts?state=all");
      await page.getByRole("row").nth(1).waitFor();
    },
  },
  {
    name: "alert-details",
    on: "demo",
    open: async (page) => {
      await page.goto("/alerts?state=all");
      await page
        .getByRole("button", { name: /^Details of “(Servo|Low|High)/ })
        .first()
        .click();
      await drawn(page);
    },
  },
  {
    name: "rules",
    on: "demo",
    open: async (page) => {
      await page.goto("/alerts/rules");
      await page.getByRole("row").nth(3).waitFor();
    },
  },
  {
    name: "rule-editor",
    on: "demo",
    open: async (page) => {
      await page.goto("/alerts/rules");
      await page.getByRole("button", { name: "New rule" }).click();
      await page.getByLabel("Warning at").waitFor();
    },
  },
  {
    name: "users",
    on: "demo",
    open: async (page) => {
      await page.goto("/users");
      await heading(page, "Users");
      await page.locator("main .animate-pulse").first().waitFor({ state: "detached" });
    },
  },
  {
    name: "palette",
    on: "demo",
    open: async (page) => {
      await page.goto("/?view=cards");
      await page.getByRole("article").nth(2).waitFor();
      await page.keyboard.press("Control+k");
      await page.getByRole("option").nth(3).waitFor();
    },
  },
  {
    name: "keys",
    on: "demo",
    open: async (page) => {
      await page.goto("/?view=cards");
      await page.getByRole("article").nth(2).waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
    },
  },
];
