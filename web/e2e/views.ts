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

/** Nothing is on its way any more. */
const settled = (page: Page) => page.locator("main .animate-pulse").first().waitFor({ state: "detached" });

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
    name: "camera",
    on: "demo",
    open: async (page) => {
      await opened(page, "/camera");
      await page.getByText("640 × 480").waitFor();
    },
  },
  {
    name: "control",
    on: "demo",
    open: async (page) => {
      await opened(page, "/control");
      await page.getByRole("application", { name: /^Drive pad/ }).waitFor();
      await page.getByRole("button", { name: "Wave" }).waitFor();
      await page.getByRole("region", { name: "Settings of the robot" }).getByLabel("Top speed (%)").waitFor();
      await settled(page);
    },
  },
  {
    name: "command-form",
    on: "demo",
    open: async (page) => {
      await opened(page, "/control");
      await page.getByRole("button", { name: "Shut down …" }).click();
      await page.getByRole("dialog").getByText("Is it safe?").waitFor();
    },
  },
  {
    name: "terminal",
    on: "demo",
    open: async (page) => {
      await opened(page, "/terminal");
      await page.getByLabel("Password on the robot", { exact: true }).waitFor();
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
    name: "jobs",
    on: "demo",
    open: async (page) => {
      await page.goto("/jobs");
      await page.getByRole("progressbar").first().waitFor();
      await settled(page);
    },
  },
  {
    name: "job",
    on: "demo",
    open: async (page) => {
      await page.goto("/jobs/1");
      await heading(page, "Last item");
      await settled(page);
    },
  },
  {
    name: "job-start",
    on: "demo",
    open: async (page) => {
      await page.goto("/jobs");
      await page.getByRole("button", { name: "Start a job" }).click();
      await page.getByRole("textbox", { name: "Task", exact: true }).waitFor();
    },
  },
  {
    name: "items",
    on: "demo",
    open: async (page) => {
      await page.goto("/jobs/items");
      await page.getByRole("row").nth(2).waitFor();
    },
  },
  {
    name: "items-import",
    on: "demo",
    open: async (page) => {
      await page.goto("/jobs/items");
      await page.getByRole("button", { name: "Import CSV" }).click();
      const buffer = Buffer.from("code,name,weight_kg\nA1,Box,heavy\n,Nameless,1\n");
      await page.locator('input[type="file"]').setInputFiles({ name: "items.csv", mimeType: "text/csv", buffer });
      await page.getByText("2 lines are wrong; nothing was imported.").waitFor();
    },
  },
  {
    name: "scans",
    on: "demo",
    open: async (page) => {
      await page.goto("/jobs/scans");
      await page.getByRole("row").nth(1).waitFor();
    },
  },
  {
    name: "robot-jobs",
    on: "demo",
    open: async (page) => {
      await opened(page, "/jobs");
      await page.getByRole("heading", { name: "History" }).waitFor();
      await settled(page);
    },
  },
  {
    name: "logs",
    on: "demo",
    open: async (page) => {
      await page.goto("/logs");
      await page.getByRole("log").getByRole("button").nth(3).waitFor();
    },
  },
  {
    name: "log-details",
    on: "demo",
    open: async (page) => {
      await page.goto("/logs");
      await page
        .getByRole("log")
        .getByRole("button", { name: /started/ })
        .first()
        .click();
      await page.getByRole("region", { name: "Details of the line" }).waitFor();
    },
  },
  {
    name: "robot-logs",
    on: "demo",
    open: async (page) => {
      await opened(page, "/logs");
      await page.getByRole("log").getByRole("button").first().waitFor();
    },
  },
  {
    name: "audit",
    on: "demo",
    open: async (page) => {
      await page.goto("/audit");
      // The views before have imported a file with faults: there is something to see.
      await page
        .getByRole("button", { name: /^Details of/ })
        .first()
        .click();
    },
  },
  {
    name: "recordings",
    on: "demo",
    open: async (page) => {
      await page.goto("/audit/recordings");
      await page.getByText("No terminal was recorded").waitFor();
    },
  },
  {
    name: "roles",
    on: "demo",
    open: async (page) => {
      await page.goto("/users/roles");
      await page.getByRole("row").nth(5).waitFor();
    },
  },
  {
    name: "account",
    on: "demo",
    open: async (page) => {
      await page.goto("/account");
      await page.getByText("You are not signed in").waitFor();
    },
  },
  {
    name: "robots",
    on: "demo",
    open: async (page) => {
      await page.goto("/robots");
      await page.getByRole("row").nth(2).waitFor();
      await heading(page, "one robot wants to join");
    },
  },
  {
    name: "robot-thresholds",
    on: "demo",
    open: async (page) => {
      await page.goto("/robots");
      await page
        .getByRole("button", { name: /^Actions for/ })
        .first()
        .click();
      await page.getByRole("menuitem", { name: "Thresholds" }).click();
      await page.getByLabel(/^Warning ≤/).waitFor();
    },
  },
  {
    name: "robot-remove",
    on: "demo",
    open: async (page) => {
      await page.goto("/robots");
      await page
        .getByRole("button", { name: /^Actions for/ })
        .first()
        .click();
      await page.getByRole("menuitem", { name: "Remove robot and history" }).click();
      await page.getByLabel(/^Type/).waitFor();
    },
  },
  {
    name: "join-tokens",
    on: "demo",
    open: async (page) => {
      await page.goto("/robots/tokens");
      await heading(page, "Join tokens");
      await settled(page);
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
  // The last ones, since they stop a robot.
  {
    name: "stopped",
    on: "demo",
    open: async (page) => {
      // Not the one whose job other views show.
      await page.goto("/robots/tonypi_06/control");
      await heading(page, "tonypi_06");
      await page.keyboard.press("F8");
      await page.getByText("It holds its pose").waitFor();
      await page.getByText("one robot confirmed").waitFor();
    },
  },
  {
    name: "resume",
    on: "demo",
    open: async (page) => {
      await page.goto("/?view=cards");
      await page.getByRole("button", { name: "Let all move again …" }).click();
      await page.getByRole("dialog").getByLabel("I have looked").waitFor();
    },
  },
];
