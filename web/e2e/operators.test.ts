import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { pad, steer } from "./drive";
import { eventually, Program } from "./program";
import { commands, hire, outcome, robot } from "./team";

const id = "tonypi_01";

journey("several people and one robot", () => {
  const program = new Program("demo", ["--robots", "1"]);
  let olga: Page;
  let oskar: Page;

  beforeAll(async () => {
    await program.start();
    await hire(program, "ada", "olga", "oskar", "vera");
    await eventually("the robot is online", async () => (await robot(program, id))?.online);
    olga = await person(program);
    await alreadyIn(olga, "olga");
    oskar = await person(program);
    await alreadyIn(oskar, "oskar");
    await olga.goto(`/robots/${id}/control`);
    await oskar.goto(`/robots/${id}/control`);
  });
  afterAll(() => program.close());

  const wave = (page: Page) => page.getByRole("button", { name: "Wave", exact: true });

  test("who takes control is named to the others, whose commands are refused", async () => {
    await oskar.getByText("Nobody has control").waitFor();
    await olga.getByRole("button", { name: "Take control" }).click();
    await olga.getByText("You have control").waitFor();
    await oskar.getByText("olga has control.").waitFor();
    await eventually("the buttons that move it are off", () => wave(oskar).isDisabled());
    expect(await pad(oskar).getAttribute("aria-disabled")).toBe("true");
    expect(await wave(olga).isEnabled()).toBe(true);
    // A script does not look at buttons: the server refuses, and says who has control.
    await program.signIn("oskar");
    const order = program.api("POST", `/robots/${id}/command`, { type: "action", parameters: { name: "wave" } });
    await expect(order).rejects.toThrow(/409 .*olga has control/);
    expect(await outcome(program, id, "action")).toMatchObject({ by: "oskar", status: "refused" });
  });

  test("control is asked for and handed over", async () => {
    await oskar.getByRole("button", { name: "Ask for control" }).click();
    await oskar.getByText("You asked for control").waitFor();
    await olga.getByText("oskar asks for control").waitFor();
    await olga.getByRole("button", { name: "Hand it over" }).click();
    await oskar.getByText("You have control").waitFor();
    await olga.getByText("oskar has control.").waitFor();
    await steer(oskar);
    await oskar.keyboard.up("KeyW");
    await oskar.keyboard.up("KeyQ");
    await oskar.getByText("Driving", { exact: true }).waitFor({ state: "detached" });
    expect(await wave(olga).isDisabled()).toBe(true);
  });

  test("an admin may break it, an operator may not", async () => {
    await olga.getByText("oskar has control.").waitFor();
    expect(await olga.getByRole("button", { name: "Take it anyway" }).count()).toBe(0);
    await program.signIn("olga");
    await expect(program.api("POST", `/robots/${id}/lease`, { force: true })).rejects.toThrow(/ 403 /);
    const ada = await person(program);
    await alreadyIn(ada, "ada");
    await ada.goto(`/robots/${id}/control`);
    await ada.getByRole("button", { name: "Take it anyway" }).click();
    await ada.getByRole("button", { name: "Really take it away?" }).click();
    await ada.getByText("You have control").waitFor();
    await oskar.getByText("ada has control.").waitFor();
    await eventually("oskar's buttons are off", () => wave(oskar).isDisabled());
    await ada.getByRole("button", { name: "Give it up" }).click();
    await oskar.getByText("Nobody has control").waitFor();
    await ada.context().close();
  });

  test("stopping is not a matter of control", async () => {
    await olga.keyboard.press("F8");
    await olga.getByText("Stopped: one robot confirmed").waitFor();
    await oskar.getByText("The robot is stopped. Let it move again first.").waitFor();
    expect(await outcome(program, id, "emergency_stop")).toMatchObject({ by: "olga", status: "done" });
  });

  test("a viewer sees everything and can work nothing", async () => {
    const vera = await person(program);
    await alreadyIn(vera, "vera");
    await vera.goto(`/robots/${id}/control`);
    await vera.getByText("Your role may watch but not control robots.").waitFor();
    await vera.getByRole("region", { name: "Commands" }).getByText("Emergency stop").first().waitFor();
    expect(await pad(vera).count(), "drive pads").toBe(0);
    expect(await vera.getByRole("heading", { name: "Actions" }).count()).toBe(0);
    expect(await vera.getByRole("button", { name: /Take control|Ask for control|Let it move|Save/ }).count()).toBe(0);
    const before = await commands(program, id, "emergency_stop");
    await vera.getByRole("button", { name: /^Stop .*Your role may watch but not stop robots/ }).focus();
    await vera.keyboard.press("Enter");
    await vera.getByRole("status").filter({ hasText: "An operator or administrator can." }).waitFor();
    await vera.keyboard.press("F8");
    await program.signIn("vera");
    const stop = program.api("POST", `/robots/${id}/emergency-stop`, {});
    await expect(stop).rejects.toThrow(/ 403 /);
    expect(await commands(program, id, "emergency_stop"), "stops after a viewer's tries").toEqual(before);
    await vera.goto(`/robots/${id}/terminal`);
    await vera.getByText("your role may not open one").waitFor();
    await expect(program.api("POST", `/robots/${id}/terminal`, {})).rejects.toThrow(/ 403 /);
  });
});
