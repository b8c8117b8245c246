import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alreadyIn, journey, person } from "./browser";
import { eventually, Program } from "./program";
import { OriginalRobot } from "./robot";

interface Alert {
  alert_type: string;
  severity: string;
  acknowledged_by: string;
  note: string;
  resolved: boolean;
  resolved_by: string;
}

journey("an alert from its rule to its end", () => {
  const program = new Program("serve", ["--adopt", "auto"]);
  let robot: OriginalRobot;
  let page: Page;

  beforeAll(async () => {
    await program.start();
    await program.setUp();
    robot = new OriginalRobot(program.mqtt, "tonypi_01").start();
    await eventually("the robot is in the fleet", async () => {
      const { robots } = await program.api<{ robots: { online: boolean }[] }>("GET", "/robots");
      return robots[0]?.online;
    });
    page = await person(program);
    await alreadyIn(page);
  });
  afterAll(async () => {
    robot.stop();
    await program.close();
  });

  const cpuAlert = async () => {
    const alerts = await program.api<Alert[]>("GET", "/alerts?alert_type=cpu&time_range=all");
    expect(alerts.length, "one alert at most for one robot and one rule").toBeLessThan(2);
    return alerts[0];
  };
  const row = () => page.getByRole("row").filter({ hasText: "High CPU Usage on tonypi_01" });

  test("a rule for this robot is written in the page; what makes no sense is refused", async () => {
    await page.goto("/alerts/rules?robot=tonypi_01");
    await page.getByRole("button", { name: "“CPU” for one robot" }).click();
    const editor = page.getByRole("dialog", { name: "“CPU” for one robot" });
    expect(await editor.getByRole("combobox", { name: "Robot" }).inputValue()).toBe("tonypi_01");
    await editor.getByLabel("Warning at").fill("80");
    await editor.getByLabel("Critical at").fill("60");
    await editor.getByLabel("For (seconds)", { exact: true }).fill("1");
    await editor.getByLabel("Clear for (seconds)").fill("1");
    await editor.getByLabel("Hysteresis").fill("2");
    await editor.getByRole("button", { name: "Save" }).click();
    await editor.getByText("Must not be below the warning when high is bad.").waitFor();
    await editor.getByLabel("Critical at").fill("90");
    await editor.getByRole("button", { name: "Save" }).click();
    await editor.waitFor({ state: "detached" });
    await page.getByRole("table", { name: "Only tonypi_01" }).getByText("≥ 90%").waitFor();
    const rules = await program.api<object[]>("GET", "/alerts/thresholds?robot_id=tonypi_01");
    expect(rules).toContainEqual(
      expect.objectContaining({ robot_id: "tonypi_01", metric_type: "cpu", warning_threshold: 80, for_seconds: 1 }),
    );
  });

  test("it opens while the page is looked at: toast, badge, bell, list", async () => {
    await page.goto("/alerts");
    await page.getByText("All calm").waitFor();
    robot.cpu = 85;
    await row().getByText("Warning").first().waitFor();
    await page.getByRole("region", { name: "New alerts" }).getByText("High CPU Usage on tonypi_01").waitFor();
    await page.getByRole("navigation", { name: "Main" }).getByText("one open alert").first().waitFor();
    await page.getByRole("button", { name: "Notifications: 1 unseen" }).click();
    await page.getByRole("dialog", { name: "Notifications" }).getByText("High CPU Usage on tonypi_01").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
  });

  test("it turns critical without becoming a second alert", async () => {
    robot.cpu = 97;
    await row().getByText("Critical").first().waitFor();
    expect((await cpuAlert())?.severity).toBe("critical");
    expect(await row().count()).toBe(1);
  });

  test("it is acknowledged with a note", async () => {
    await row().getByRole("button", { name: "Acknowledge" }).click();
    const dialog = page.getByRole("dialog", { name: "Acknowledge" });
    await dialog.getByLabel("Note for the others").fill("the camera process hangs");
    await dialog.getByRole("button", { name: "Acknowledge" }).click();
    await dialog.waitFor({ state: "detached" });
    await row().getByText("by admin").waitFor();
    await row().getByText("the camera process hangs").waitFor();
    expect(await cpuAlert()).toMatchObject({ acknowledged_by: "admin", note: "the camera process hangs" });
  });

  test("its details show the moment", async () => {
    await row()
      .getByRole("button", { name: /^Details of/ })
      .click();
    await page.locator("figure canvas").waitFor();
    await page.getByText("the camera process hangs").nth(1).waitFor();
  });

  test("it ends by itself when the value is back, and says so", async () => {
    robot.cpu = 30;
    await page.getByText("All calm").waitFor();
    await page.getByRole("button", { name: "Resolved", exact: true }).click();
    await page.waitForURL("**/alerts?state=resolved");
    await row().getByText("by admin").waitFor();
    expect(await cpuAlert()).toMatchObject({ resolved: true, resolved_by: "itself" });
    await page.getByText("over by itself").waitFor();
    expect(await page.getByRole("navigation", { name: "Main" }).getByText("open alert").count()).toBe(0);
  });
});
