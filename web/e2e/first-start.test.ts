import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { journey, person } from "./browser";
import { Program, password } from "./program";

journey("the first start", () => {
  const program = new Program("serve");
  let page: Page;

  beforeAll(async () => {
    await program.start();
    page = await person(program);
  });
  afterAll(() => program.close());

  const signInAs = async (username: string, secret: string) => {
    await page.getByLabel("User name").fill(username);
    await page.getByLabel("Password", { exact: true }).fill(secret);
    await page.getByRole("button", { name: "Sign in" }).click();
  };

  test("without an admin, the sign-in page says where the link is", async () => {
    await page.goto("/");
    await page.getByText("This server has no administrator yet").waitFor();
  });

  test("the printed link makes the admin, who is then signed in", async () => {
    expect(program.setupLink).toMatch(new RegExp(`^${program.url}/setup#token=`));
    expect(program.log.join("\n")).not.toContain(program.setupLink.split("=")[1]);
    await page.goto("about:blank");
    await page.goto(program.setupLink);
    await page.waitForURL(`${program.url}/setup`);
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByLabel("Password again").fill("short");
    await page.getByRole("button", { name: "Create administrator" }).click();
    await page.getByText("The password needs 8 characters or more.").waitFor();
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByLabel("Password again").fill(password);
    await page.getByRole("button", { name: "Create administrator" }).click();
    await page.getByRole("button", { name: "Account: admin" }).waitFor();
  });

  test("the empty fleet tells how to connect the first robot", async () => {
    await page.getByRole("heading", { name: "Connect the first robot" }).waitFor();
    await page.getByRole("button", { name: "Make a join token" }).click();
    const command = page.locator("pre", { hasText: "tonypi agent" });
    await command.filter({ hasNotText: "--token TOKEN" }).waitFor();
    expect(await command.textContent()).toContain(`tonypi agent --server ${program.url} --token `);
  });

  test("a reload keeps the person signed in", async () => {
    await page.reload();
    await page.getByRole("heading", { name: "Connect the first robot" }).waitFor();
  });

  test("the link works once", async () => {
    const other = await person(program);
    await other.goto(program.setupLink);
    await other.getByText("This server is set up already.").waitFor();
    await other.context().close();
  });

  test("signing out, a wrong password, and back to where one was going", async () => {
    await page.getByRole("button", { name: "Account: admin" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in*");
    await page.goto("/users?from=a-colleague");
    await page.waitForURL("**/sign-in?next=*");
    await signInAs("admin", "not the password");
    await page.getByRole("alert").getByText("User name or password is wrong.").waitFor();
    expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
    await signInAs("admin", password);
    await page.waitForURL("**/users?from=a-colleague");
    await page.getByRole("heading", { name: "Users" }).waitFor();
  });

  test.each(["https://example.invalid/", "//example.invalid/", "/\\example.invalid/", "javascript:alert(1)"])(
    "`next` never leads to another site: %s",
    async (next) => {
      const other = await person(program);
      await other.goto(`/sign-in?next=${encodeURIComponent(next)}`);
      await other.getByLabel("User name").fill("admin");
      await other.getByLabel("Password", { exact: true }).fill(password);
      await other.getByRole("button", { name: "Sign in" }).click();
      await other.getByRole("button", { name: "Account: admin" }).waitFor();
      expect(other.url()).toBe(`${program.url}/`);
      await other.context().close();
    },
  );
});
