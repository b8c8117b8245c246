import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { eventually, Program } from "./program";
import { SSHD, whyNoSSH } from "./sshd";
import { hire, robots } from "./team";

// The first robot of every demo has no fault of its own.
const id = "tonypi_01";
const noSSH = whyNoSSH();

interface Place {
  time: number;
  x: number;
  y: number;
}

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

  const pad = (on = page) => on.getByRole("application", { name: /^Drive pad/ });
  const where = async (since: number): Promise<Place[]> => {
    const from = new Date(since).toISOString();
    const { series } = await program.api<{ series: { source: string; points: number[][] }[] }>(
      "GET",
      `/robots/${id}/series?metric=location&step=0s&from=${from}`,
    );
    const of = (axis: string) => series.find(({ source }) => source === axis)?.points ?? [];
    const y = new Map(of("y").map(([time, value]) => [time, value ?? 0]));
    return of("x").map(([time = 0, x = 0]) => ({ time, x, y: y.get(time) ?? 0 }));
  };
  const moved = (places: readonly Place[]) => {
    const [first, last] = [places[0], places.at(-1)];
    return first && last ? Math.hypot(last.x - first.x, last.y - first.y) : 0;
  };
  /** The robot stands still from a second after the moment on, for as long as it stands by itself after driving. */
  const stoodFrom = async (moment: number) => {
    const places = await eventually("the robot has told of its place after the stop", async () => {
      const after = (await where(moment)).filter(({ time }) => time > moment + 1000 && time < moment + 3500);
      return after.length >= 2 ? after : undefined;
    });
    expect(moved(places), "metres walked later than a second after the stop").toBe(0);
  };
  const drive = async (on: Page) => {
    await pad(on).focus();
    const began = Date.now();
    await on.keyboard.down("KeyW");
    await on.keyboard.down("KeyQ"); // an arc: no wall is in its way
    await on.getByText("Driving", { exact: true }).waitFor();
    await on.locator("main header").getByText("Walking").waitFor();
    await eventually("the robot moves", async () => moved(await where(began)) > 0.02);
  };

  test("drives with the keys; letting go stops the robot", async () => {
    await page.goto("/");
    await page.getByRole("article").getByRole("link", { name: id }).click();
    await page.getByRole("link", { name: "Control", exact: true }).click();
    await drive(page);
    await page.getByText("You have control").waitFor();
    await page.keyboard.up("KeyW");
    await page.keyboard.up("KeyQ");
    const moment = Date.now();
    await page.getByText("Standing", { exact: true }).first().waitFor();
    await stoodFrom(moment);
  });

  test("stops by itself within a second when the page closes while it drives", async () => {
    const other = await person(program);
    await alreadyIn(other, "olga");
    await other.goto(`/robots/${id}/control`);
    await drive(other);
    await other.context().close();
    await stoodFrom(Date.now());
  });

  test("runs an action and shows how it ended", async () => {
    await page.goto(`/robots/${id}/control`);
    await page.getByRole("button", { name: "Wave", exact: true }).click();
    const row = feed(/^Action/).first();
    await row.getByText("done").waitFor();
    await row.getByText("Action wave completed").waitFor();
    expect((await commands(program, id, "action"))[0]).toMatchObject({ status: "done", by: "olga" });
  });

  test("watches the camera: its pictures change", async () => {
    await page.goto(`/robots/${id}`);
    await page.getByRole("link", { name: "Camera", exact: true }).click();
    const picture = page.getByRole("img", { name: `Picture of ${id}'s camera` });
    const look = () => picture.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    await page.getByText("one viewer", { exact: true }).last().waitFor();
    const seen = new Set<string>();
    await eventually("five different pictures came", async () => seen.add(await look()).size > 5);
    const fps = page.locator("dl > div", { hasText: "Pictures a second" }).locator("dd");
    await eventually("it says how many a second", async () => Number(await fps.textContent()) > 1);
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save picture" }).click();
    expect((await saved).suggestedFilename()).toMatch(/^tonypi_01.*\.jpe?g$/);
  });

  test("follows a job to its end", async () => {
    await page.goto("/");
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Jobs" }).click();
    await page.getByRole("button", { name: "Start a job" }).click();
    const dialog = page.getByRole("dialog", { name: "Start a job" });
    await dialog.getByLabel("Robot").selectOption(id);
    await dialog.getByLabel("Task").fill("count the shelf");
    await dialog.getByLabel(/^Items/).fill("2");
    await dialog.getByRole("button", { name: "Start a job" }).click();
    await dialog.getByText("The robot did it.").waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page.getByRole("progressbar", { name: "Progress of count the shelf" }).waitFor();
    await page.getByRole("link", { name: "count the shelf" }).first().click();
    await page.getByText("0 of 2 items").waitFor();
    await page.getByText("1 of 2 items").waitFor();
    await page.getByText("2 of 2 items").waitFor();
    await page.getByText("Completed", { exact: true }).waitFor();
    await page.getByText("100%", { exact: true }).waitFor();
    await page
      .getByText(/^QR\d+/)
      .first()
      .waitFor();
  });

  test.skipIf(noSSH !== "")("opens a terminal on the robot's real SSH server", async () => {
    if (!sshd) return;
    await sshd.start();
    const settings = { username: sshd.user, port: sshd.port, generate_key: true };
    const { public_key } = await program.api<{ public_key: string }>("PUT", `/robots/${id}/ssh`, settings);
    sshd.allow(public_key);
    await page.goto(`/robots/${id}/terminal`);
    await page.getByText(`signs in as ${sshd.user} with a key of its own`).waitFor();
    await page.getByRole("button", { name: "Open terminal" }).click();
    const question = page.getByRole("dialog", { name: "Is this your robot?" });
    await question.getByText(sshd.fingerprint()).waitFor();
    await question.getByRole("button", { name: "It is the same: connect" }).click();
    await page.getByText("Connected", { exact: true }).waitFor();
    const screen = page.getByRole("region", { name: `Terminal of ${id}` });
    // What is typed shows too: only the shell turns it into this.
    await page.keyboard.type("echo sum=$((6*7))");
    await page.keyboard.press("Enter");
    await screen.getByText("sum=42").first().waitFor();
    const size = async (mark: string) => {
      await page.keyboard.type(`echo ${mark}=$(stty size | tr ' ' x).`);
      await page.keyboard.press("Enter");
      const line = screen.getByText(new RegExp(`${mark}=\\d+x\\d+\\.`)).first();
      return (await line.textContent())?.match(/=(\d+x\d+)\./)?.[1];
    };
    const before = await size("wide");
    await page.setViewportSize({ width: 1000, height: 700 });
    await eventually("the shell knows the new size", async () => (await size("narrow")) !== before);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.keyboard.type("exit 3");
    await page.keyboard.press("Enter");
    await page.getByText("The shell ended with code 3.").waitFor();
    await page.getByRole("button", { name: "Open again" }).waitFor();
  });

  test("stops all robots in the middle of an action with one key", async () => {
    await page.goto(`/robots/${id}/control`);
    await page.getByRole("button", { name: "Action with options" }).click();
    const form = page.getByRole("dialog", { name: "Action" });
    await form.getByRole("combobox").selectOption("dance");
    await form.getByLabel("Times").fill("3"); // half a minute
    await form.getByRole("button", { name: "Send" }).click();
    await form.waitFor({ state: "detached" });
    await feed(/^Action sent/)
      .first()
      .waitFor();
    await page.getByRole("link", { name: "To the fleet" }).click();
    await page.getByRole("article").nth(2).waitFor();
    await page.keyboard.press("F8");
    await page.getByText("Stopped: all 3 robots confirmed").waitFor();
    await page.getByText("3 robots are stopped").waitFor();
    for (const card of await page.getByRole("article").all()) await card.getByText("Stopped").first().waitFor();
    expect((await robots(program)).map((each) => each.emergency_stopped)).toEqual([true, true, true]);
    await page.getByRole("article").getByRole("link", { name: id }).click();
    await page.getByRole("link", { name: "Control", exact: true }).click();
    await feed(/^Action failed/)
      .first()
      .waitFor();
    await page.getByText("The robot is stopped. Let it move again first.").waitFor();
    expect(await page.getByRole("button", { name: "Wave", exact: true }).isDisabled()).toBe(true);
  });

  test("lets them move again, but only with intent", async () => {
    await page.goto("/");
    await page.getByRole("button", { name: "Let all move again …" }).click();
    const dialog = page.getByRole("dialog", { name: "Let 3 stopped robots move again" });
    const go = dialog.getByRole("button", { name: "Let it move" });
    expect(await go.isDisabled()).toBe(true);
    await dialog.getByLabel("Why it is safe now").fill("the floor is clear");
    await dialog.getByLabel("I have looked at all of them").check();
    await go.click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("3 robots are stopped").waitFor({ state: "detached" });
    await eventually("every robot is free", async () =>
      (await robots(program)).every((each) => !each.emergency_stopped),
    );
    await page.goto(`/robots/${id}/control`);
    await page.getByRole("button", { name: "Wave", exact: true }).click();
    await feed(/^Action done/)
      .first()
      .waitFor();
  });

  test("an admin finds all of it in the audit log", async () => {
    const admin = await person(program);
    await alreadyIn(admin, "ada");
    await admin.goto("/audit?user=olga");
    const row = (...texts: string[]) => {
      const all = admin.getByRole("row").filter({ hasText: "olga" });
      return texts.reduce((rows, hasText) => rows.filter({ hasText }), all).first();
    };
    await row("Control taken", id).waitFor();
    await row("Command", id, "action").waitFor();
    await row("Command", id, "start_job").waitFor();
    await row("Emergency stop").waitFor();
    await row("Resumed").waitFor();
    if (noSSH !== "") return;
    await row("Terminal opened", id).waitFor();
    await row("Terminal closed", id).waitFor();
  });
});
