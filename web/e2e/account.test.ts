import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { eventually, Program } from "./program";

journey("somebody with an account", () => {
  const program = new Program("serve");
  let page: Page;

  beforeAll(async () => {
    await program.start();
    await program.setUp();
    page = await person(program);
    await alreadyIn(page);
  });
  afterAll(() => program.close());

  test("makes a token for a script and deletes it", async () => {
    await page.goto("/account");
    await page.getByRole("button", { name: "Make a token" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What it is for").fill("nightly");
    await dialog.getByRole("button", { name: "Make a token" }).click();
    const token = (await dialog.locator("pre").first().textContent()) ?? "";
    const ask = () => fetch(`${program.url}/api/v1/robots`, { headers: { Authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    await dialog.getByRole("button", { name: "Close" }).last().click();
    expect(await page.getByText(token).count()).toBe(0);
    const remove = page.getByRole("button", { name: "Delete nightly" });
    await remove.click();
    await remove.click();
    await page.getByText("No tokens").waitFor();
    expect((await ask()).status).toBe(401);
  });

  test("signs another device out", async () => {
    const other = await person(program);
    await alreadyIn(other);
    await other.goto("/");
    await page.reload();
    await page.getByText("this device", { exact: true }).waitFor();
    await page
      .getByRole("button", { name: "Sign out all others" })
      .or(page.getByRole("button", { name: "Sign out" }))
      .first()
      .click();
    await page.getByRole("button", { name: "Really?" }).click();
    await eventually(
      "this device is the only one",
      async () => (await page.getByRole("button", { name: "Sign out" }).count()) === 0,
    );
    await other.goto("/account");
    await other.waitForURL("**/sign-in*");
    await other.context().close();
  });

  test("creates a robot by hand and removes it again", async () => {
    await page.goto("/robots");
    await page.getByRole("button", { name: "Add robot" }).click();
    await page.getByLabel("Robot ID").fill("lab_9");
    await page.getByRole("dialog").getByRole("button", { name: "Add robot" }).click();
    await page.getByText("This is shown only once. Put it on the robot now.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("button", { name: "Actions for lab_9" }).click();
    await page.getByRole("menuitem", { name: "Remove robot and history" }).click();
    await page.getByLabel("Type lab_9 to confirm").fill("lab_9");
    await page.getByRole("button", { name: "Remove for good" }).click();
    await page.getByText("There is no robot yet").waitFor();
  });
});
