import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { feed, moved, places, steer, stood } from "./drive";
import { eventually, Program } from "./program";
import { SSHD, whyNoSSH } from "./sshd";
import { commands, hire, outcome, robot, robots } from "./team";

// The first robot of every demo has no fault of its own.
const id = "tonypi_01";
const noSSH = whyNoSSH();

journey("an operator at work", () => {
  const program = new Program("demo", ["--robots", "3"]);
  const sshd = noSSH === "" ? new SSHD() : undefined;
  let page: Page;

  beforeAll(async () => {
    await program.start();
    await hire(program, "ada", "olga");
    await eventually("the fleet is online", async () => {
      const fleet = await robots(program);
      return fleet.length === 3 && fleet.every(({ online }) => online);
    });
    page = await person(program);
    await alreadyIn(page, "olga");
  });
  afterAll(async () => {
    await sshd?.close();
    await program.close();
  });

  const tab = (name: string) =>
    page.getByRole("navigation", { name: "Views of the robot" }).getByRole("link", { name, exact: true }).click();

  test("drives with the keys; letting go stops the robot", async () => {
    await page.goto("/");
    await page.getByRole("article").getByRole("link", { name: id }).click();
    await tab("Control");
    const began = Date.now();
    await steer(page);
    await eventually("the robot walks", async () => moved(await places(program, id, began)) > 0.02);
    await page.getByText("You have control").waitFor();
    await page.keyboard.up("KeyW");
    await page.keyboard.up("KeyQ");
    const moment = Date.now();
    await page.getByText("Driving", { exact: true }).waitFor({ state: "detached" });
    await stood(program, id, moment);
  });

  test("closing the page while driving stops the robot", async () => {
    await tab("Live"); // a page that stays on Control would keep control for its person
    const other = await page.context().newPage();
    await other.goto(`/robots/${id}/control`);
    const began = Date.now();
    await steer(other);
    await eventually("the robot walks", async () => moved(await places(program, id, began)) > 0.02);
    await other.close();
    await stood(program, id, Date.now());
    await eventually("control is free", async () => {
      const lease = await program.api<{ holder: string }>("GET", `/robots/${id}/lease`);
      return lease.holder === "";
    });
  });

  test("runs an action and sees its outcome", async () => {
    await tab("Control");
    await page.getByRole("button", { name: "Wave", exact: true }).click();
    const line = feed(page, "Action").filter({ hasText: "Action wave completed" });
    await line.getByText("done", { exact: true }).waitFor();
    await line.click();
    await page.getByText("In all").waitFor(); // how long each step took
    expect(await outcome(program, id, "action")).toMatchObject({ status: "done", by: "olga" });
  });

  test("watches its camera", async () => {
    await tab("Camera");
    const picture = page.locator("main canvas");
    const seen = new Set<string>();
    await eventually("the picture moves", async () => {
      seen.add(await picture.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL("image/png")));
      return seen.size > 5;
    });
    const rate = page.locator("dl > div").filter({ hasText: "Pictures a second" }).locator("dd");
    await eventually("the page tells how fast the pictures come", async () => Number(await rate.textContent()) > 1);
    await page.getByText("one viewer", { exact: true }).last().waitFor();
  });

  test("follows a job to its end", async () => {
    await tab("Jobs");
    await page.getByRole("button", { name: "Start a job" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Task", exact: true }).fill("count two boxes");
    await dialog.getByRole("spinbutton", { name: /^Items/ }).fill("2");
    await dialog.getByRole("button", { name: "Start a job" }).click();
    await page.getByText("The robot did it.").waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("progressbar", { name: "Progress of count two boxes" }).waitFor();
    await page.getByText("1 of 2 items").first().waitFor();
    const row = page.getByRole("row").filter({ hasText: "count two boxes" });
    await row.getByText("Completed").waitFor();
    await row.getByRole("link", { name: "count two boxes" }).click();
    await page.getByRole("region", { name: "Progress" }).getByText("2 of 2 items").waitFor();
    await eventually(
      "both scans are listed",
      async () => (await page.getByRole("cell", { name: /^QR/ }).count()) === 2,
    );
  });

  test.skipIf(!sshd)("works in a terminal on a real SSH server", async () => {
    if (!sshd) return;
    await sshd.start();
    await program.signIn("ada");
    const access = { username: sshd.user, port: sshd.port, generate_key: true };
    const { public_key: key } = await program.api<{ public_key: string }>("PUT", `/robots/${id}/ssh`, access);
    sshd.allow(key);

    await page.goto(`/robots/${id}/terminal`);
    await page.getByText(`The server signs in as ${sshd.user}`).waitFor();
    await page.getByRole("button", { name: "Open terminal" }).click();
    const question = page.getByRole("dialog", { name: "Is this your robot?" });
    await question.getByText(sshd.fingerprint()).waitFor();
    await question.getByRole("button", { name: "It is the same: connect" }).click();
    const status = (text: string) => page.getByRole("status").filter({ hasText: text });
    await status("Connected").waitFor();
    const screen = page.getByRole("region", { name: `Terminal of ${id}` });
    await screen.click();
    await page.keyboard.type("echo $((6*7))-$SSH_TTY\n");
    await screen
      .getByText(/42-\/dev\/pts/)
      .first()
      .waitFor();
    const size = async (mark: string) => {
      await page.keyboard.type(`echo ${mark}=$(stty size | tr ' ' x).\n`);
      const told = screen.getByText(new RegExp(`${mark}=\\d+x\\d+\\.`)).last();
      return (await told.textContent())?.match(/=(\d+x\d+)\./)?.[1];
    };
    const wide = await size("wide");
    await page.setViewportSize({ width: 1000, height: 700 });
    await eventually("the shell knows its new size", async () => (await size("narrow")) !== wide);
    await page.setViewportSize({ width: 1440, height: 900 });
    await screen.click();
    await page.keyboard.type("exit 3\n");
    await status("The shell ended with code 3.").waitFor();
    expect(await question.count()).toBe(0);

    // The host key is known now: nobody is asked again.
    await page.getByRole("button", { name: "Open again" }).click();
    await status("Connected").waitFor();
    expect(await question.count()).toBe(0);
    await page.getByRole("button", { name: "Close terminal" }).click();
    await page.getByText("The connection broke off.").or(status("Closed")).first().waitFor();
  });

  test("stops all robots in mid-action by one key", async () => {
    await page.goto(`/robots/${id}/control`);
    await page.getByRole("button", { name: "Dance", exact: true }).click();
    await feed(page, "Action").filter({ hasText: "dance" }).getByText("sent", { exact: true }).waitFor();
    for (const other of ["tonypi_02", "tonypi_03"])
      await program.api("POST", `/robots/${other}/command`, { type: "action", parameters: { name: "dance" } });
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Fleet" }).click();
    await page.getByRole("article").nth(2).waitFor();
    const dancing = async () => {
      const fleet = await robots(program);
      const dances = await Promise.all(
        fleet.map(async (each) => (await commands(program, each.robot_id, "action"))[0]),
      );
      return dances.filter((dance) => dance?.status === "sent").length;
    };
    expect(await dancing(), "robots in mid-action").toBeGreaterThanOrEqual(2); // the third one may just have fallen

    await page.keyboard.press("F8");
    await page.getByText("Stopped: all 3 robots confirmed").waitFor();
    await eventually("every card says it", async () => {
      const cards = await page.getByRole("article").allTextContents();
      return cards.length === 3 && cards.every((text) => text.includes("Stopped"));
    });
    await page.getByText("3 robots are stopped").waitFor();
    expect((await robots(program)).every((each) => each.emergency_stopped)).toBe(true);
    expect(await outcome(program, id, "emergency_stop")).toMatchObject({ status: "done", by: "olga" });
    await eventually("no dance goes on", async () => (await dancing()) === 0);

    await page.getByRole("article").getByRole("link", { name: id }).click();
    await tab("Control");
    await feed(page, "Action").filter({ hasText: "interrupted" }).getByText("failed", { exact: true }).waitFor();
    expect(await outcome(program, id, "action")).toMatchObject({ status: "failed" });
    expect(await page.getByRole("button", { name: "Wave", exact: true }).isDisabled()).toBe(true);
    await page.getByText("The robot is stopped. Let it move again first.").waitFor();
  });

  test("resumes with intent", async () => {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Fleet" }).click();
    await page.getByRole("button", { name: "Let all move again …" }).click();
    const dialog = page.getByRole("dialog", { name: "Let 3 stopped robots move again" });
    const go = dialog.getByRole("button", { name: "Let them move" });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel("Why it is safe now").fill("everybody stepped back");
    await dialog.getByLabel("I have looked at all of them").check();
    await go.click();
    await dialog.waitFor({ state: "detached" });
    await eventually("no robot is stopped", async () =>
      (await robots(program)).every((each) => !each.emergency_stopped),
    );
    await page.getByText("3 robots are stopped").waitFor({ state: "detached" });
    await page.goto(`/robots/${id}/control`);
    await page.getByRole("button", { name: "Bow", exact: true }).click();
    await feed(page, "Action").filter({ hasText: "Action bow completed" }).waitFor();
    expect((await robot(program, id))?.emergency_stopped).toBe(false);
  });

  test("an admin finds all of it in the audit log", async () => {
    const admin = await person(program);
    await alreadyIn(admin, "ada");
    await admin.goto("/audit?user=olga");
    const line = (...texts: string[]) =>
      texts
        .reduce((rows, hasText) => rows.filter({ hasText }), admin.getByRole("row").filter({ hasText: "olga" }))
        .first();
    await line("Control taken", id).waitFor();
    await line("Command", id, "action").waitFor();
    await line("Command", id, "start_job").waitFor();
    await line("Emergency stop", "3 robots").waitFor();
    await line("Resumed", "3 robots")
      .getByRole("button", { name: /^Details of/ })
      .click();
    await admin.getByText("everybody stepped back").waitFor();
    if (!sshd) return;
    await line("Terminal opened", id).waitFor();
    await line("Terminal closed", id).waitFor();
  });
});
