import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { serve, show, signIn } from "@/harness";
import { summary } from "@/sample";
import { NewRobotForm } from "./NewRobotForm";
import { RemoveRobot } from "./RemoveRobot";
import { Thresholds } from "./Thresholds";

beforeEach(() => signIn("admin"));

it("removes a robot only after its ID was typed", async () => {
  const sent = serve({ "DELETE /robots/r1": () => new Response(null, { status: 204 }) });
  const done = vi.fn();
  await show(<RemoveRobot robot={summary("r1", { name: "Tony" })} onCancel={done} />);
  const remove = await screen.findByRole<HTMLButtonElement>("button", { name: "Remove for good" });
  await userEvent.type(screen.getByLabelText("Type r1 to confirm"), "Tony{Enter}");
  expect([remove.disabled, sent.length]).toEqual([true, 0]);
  await userEvent.clear(screen.getByLabelText("Type r1 to confirm"));
  await userEvent.type(screen.getByLabelText("Type r1 to confirm"), "r1");
  await userEvent.click(remove);
  await waitFor(() => expect(done).toHaveBeenCalledOnce());
  expect(sent.map(({ method, path }) => `${method} ${path}`)).toContain("DELETE /robots/r1");
});

it("shows the credential of a new robot", async () => {
  const sent = serve({
    "POST /robots": () =>
      Response.json({ robot: summary("r9"), credential: { username: "r9", password: "s3cret" } }, { status: 201 }),
  });
  await show(<NewRobotForm onDone={() => undefined} />);
  await userEvent.type(await screen.findByLabelText("Robot ID"), " r9 ");
  await userEvent.click(screen.getByRole("button", { name: "Add robot" }));
  await screen.findByText("s3cret");
  expect(screen.getByText(/shown only once/)).toBeTruthy();
  expect(sent[0]?.body).toEqual({ robot_id: "r9" });
});

const rule = {
  id: 1,
  robot_id: "",
  metric_type: "battery",
  metric: "battery_percent",
  warning_threshold: 30,
  critical_threshold: 15,
  below: true,
  for_seconds: 5,
  clear_for_seconds: 10,
  hysteresis: 2,
  enabled: true,
  created_at: "",
  updated_at: "",
};

it("gives a robot a rule of its own for what changed, and nothing else", async () => {
  const sent = serve({
    "GET /alerts/thresholds": () => [
      rule,
      { ...rule, id: 2, metric: "servo_temperature", metric_type: "servo_temp", below: false },
    ],
    "GET /metrics-catalog": () => ({ metrics: [] }),
    "POST /alerts/thresholds": (body) => body,
  });
  const done = vi.fn();
  await show(<Thresholds robot={summary("r1")} onDone={done} />);
  const [warning] = await screen.findAllByLabelText(/^Warning ≤/);
  await userEvent.clear(warning as HTMLElement);
  await userEvent.type(warning as HTMLElement, "10");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  // Low values are bad: the critical threshold must not lie above the warning.
  expect(done).not.toHaveBeenCalled();
  await userEvent.clear(warning as HTMLElement);
  await userEvent.type(warning as HTMLElement, "40");
  const hot = screen.getByLabelText(/^Critical ≥/);
  await userEvent.clear(hot);
  await userEvent.type(hot, "30");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(done).toHaveBeenCalledOnce());
  expect(sent.filter(({ method }) => method === "POST").map(({ body }) => body)).toMatchObject([
    { robot_id: "r1", metric_type: "battery", warning_threshold: 40, critical_threshold: 15 },
    { robot_id: "r1", metric_type: "servo_temp", warning_threshold: 30, critical_threshold: 30 },
  ]);
});
