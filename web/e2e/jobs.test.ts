import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { eventually, Program, password } from "./program";

journey("somebody who looks after jobs and logs", () => {
  // The simulated robots begin jobs of their own, so one that is idle is looked for.
  const program = new Program("demo", ["--robots", "6"]);
  let page: Page;
  let robot = "";

  beforeAll(async () => {
    await program.start();
    await program.api("POST", "/users", { username: "admin", password, role: "admin" });
    robot = await eventually("a robot is online and idle", async () => {
      const { robots } = await program.api<{ robots: { robot_id: string; online: boolean }[] }>("GET", "/robots");
      const { jobs } = await program.api<{ jobs: { robot_id: string }[] }>("GET", "/jobs?status=active");
      // Robots 1 and 2 of the demo are those that take jobs by themselves.
      return robots.find(
        ({ robot_id: id, online }) => online && /0[56]$/.test(id) && !jobs.some((job) => job.robot_id === id),
      )?.robot_id;
    });
    page = await person(program);
    await alreadyIn(page);
  });
  afterAll(() => program.close());

  test("starts a job, follows it and cancels it with a reason", async () => {
    await page.goto(`/robots/${robot}/jobs`);
    await page.getByRole("button", { name: "Start a job" }).click();
    await page.getByRole("textbox", { name: "Task", exact: true }).fill("count the shelf");
    await page.getByRole("spinbutton", { name: /^Items/ }).fill("50");
    await page.getByRole("dialog").getByRole("button", { name: "Start a job" }).click();
    await page.getByText("The robot did it.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    const bar = page.getByRole("progressbar", { name: "Progress of count the shelf" });
    await bar.waitFor();
    await eventually("items are done", async () => Number(await bar.getAttribute("aria-valuenow")) > 0);
    await page.getByText(/^done in /).waitFor();

    await page.getByRole("button", { name: `Cancel count the shelf on ${robot}` }).click();
    await page.getByLabel("Reason").fill("wrong shelf");
    await page.getByRole("button", { name: "Cancel the job" }).click();
    await page.getByText("The robot did it.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await bar.waitFor({ state: "detached" });
    const row = page.getByRole("row").filter({ hasText: "count the shelf" });
    await row.getByText("Cancelled").waitFor();
    await row.getByRole("link", { name: "count the shelf" }).click();
    await page.getByRole("heading", { name: "count the shelf" }).waitFor();
    await page.getByRole("heading", { name: "Scans" }).waitFor();
    expect(await page.getByRole("cell", { name: /^QR/ }).count()).toBeGreaterThan(0);
  });

  test("finds it in the log, live and searched, and takes the lines along", async () => {
    await page.goto("/logs");
    const lines = page.getByRole("log").getByRole("button");
    await lines.filter({ hasText: "count the shelf" }).first().waitFor();
    await program.api("POST", "/logs", { level: "WARNING", category: "system", message: "written by a script" });
    await lines.filter({ hasText: "written by a script" }).waitFor();
    await page.getByRole("searchbox", { name: "Search messages" }).fill("by a scri");
    await page.waitForURL(/q=by/);
    await eventually("only what was searched for is listed", async () => (await lines.count()) === 1);
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("menuitem", { name: "CSV" }).click();
    expect((await coming).suggestedFilename()).toMatch(/\.csv$/);
  });

  test("finds in the audit log who did it", async () => {
    await page.goto("/audit?user=admin");
    const rows = page.getByRole("row");
    await rows.filter({ hasText: "start_job" }).getByText("admin").first().waitFor();
    expect(await rows.filter({ hasText: "Signed in" }).count()).toBeGreaterThan(0);
    await page.getByLabel("Action", { exact: true }).selectOption("sign_in");
    await page.waitForURL(/action=sign_in/);
    await rows.filter({ hasText: "start_job" }).first().waitFor({ state: "detached" });
  });
});
