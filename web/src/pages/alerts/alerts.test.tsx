import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "@/api/session";
import type { Alert, Role } from "@/api/types";
import { Feed } from "@/live/feed";
import { FeedContext } from "@/live/hooks";
import { decimals } from "./AlertCells";
import { AlertList } from "./AlertList";
import { RuleEditor } from "./RuleEditor";
import { emptyForm } from "./ruleForm";

const alert = (id: number, change: Partial<Alert> = {}): Alert => ({
  id,
  robot_id: "tonypi_01",
  alert_type: "cpu",
  metric: "cpu_percent",
  source: "",
  severity: "warning",
  title: `Alert ${id}`,
  message: "CPU usage is high",
  value: 80,
  threshold: 70,
  rule_id: 1,
  acknowledged: false,
  acknowledged_by: "",
  note: "",
  resolved: false,
  resolved_by: "",
  created_at: new Date().toISOString(),
  updated_at: new Date().toISOString(),
  ...change,
});

interface Sent {
  method: string;
  path: string;
  body: unknown;
}

/** Answers requests by method and path, and keeps what was sent. */
function serve(answers: Record<string, (body: unknown) => unknown>): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const path = new URL(request.url).pathname.replace("/api/v1", "");
    const text = await request.text();
    const body: unknown = text ? JSON.parse(text) : undefined;
    sent.push({ method: request.method, path, body });
    const answer = answers[`${request.method} ${path}`]?.(body);
    if (answer instanceof Response) return answer;
    return answer === undefined ? new Response(null, { status: 404 }) : Response.json(answer);
  });
  return sent;
}

function signIn(role: Role) {
  const user = { id: "1", username: "ada", email: "", role, is_active: true, created_at: "", updated_at: "" };
  const state = { status: "in" as const, user, anonymous: false };
  vi.spyOn(session, "current").mockReturnValue(state);
  vi.spyOn(session, "bearer").mockResolvedValue("token");
}

async function show(page: ReactNode, url = "/") {
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const feed = new Feed(cache, { url: "", token: async () => undefined });
  const root = createRootRoute();
  const index = createRoute({ getParentRoute: () => root, path: "/", component: () => page });
  const robot = createRoute({ getParentRoute: () => root, path: "/robots/$robot", component: () => null });
  const history = createMemoryHistory({ initialEntries: [url] });
  const router = createRouter({ routeTree: root.addChildren([index, robot]), history });
  await router.load();
  render(
    <QueryClientProvider client={cache}>
      <FeedContext value={feed}>
        <RouterProvider router={router as never} />
      </FeedContext>
    </QueryClientProvider>,
  );
  return router;
}

const empty = {
  "GET /alerts/thresholds": () => [],
  "GET /robots": () => ({ robots: [] }),
  "GET /metrics-catalog": () => ({
    metrics: [{ metric: "cpu_percent", title: "CPU", unit: "%", group: "performance" }],
  }),
};

beforeEach(() => {
  signIn("operator");
  vi.spyOn(window, "scrollTo").mockReturnValue(); // the router restores positions; jsdom has none
});

describe("decimals", () => {
  it.each([
    [9, 0],
    [9.5, 1],
    [14.7, 1],
    [14.699999999, 1],
    [-0.126, 2],
    [82.35, 2],
    [1e-9, 0],
    [1e21, 0],
  ])("gives %d as many as it needs: %d", (value, want) => expect(decimals(value)).toBe(want));
});

describe("AlertList", () => {
  it("acknowledges one alert with a note", async () => {
    const sent = serve({
      ...empty,
      "GET /alerts": () => [alert(7)],
      "POST /alerts/7/acknowledge": () => alert(7, { acknowledged: true, acknowledged_by: "ada", note: "fan" }),
    });
    await show(<AlertList />);
    await userEvent.click(await screen.findByRole("button", { name: "Acknowledge" }));
    await userEvent.type(screen.getByLabelText(/Note for the others/), " fan ");
    await userEvent.click(screen.getByRole("button", { name: "Acknowledge" }));
    await screen.findByText("by ada");
    expect(sent.find(({ method }) => method === "POST")).toEqual({
      method: "POST",
      path: "/alerts/7/acknowledge",
      body: { note: "fan" },
    });
  });

  it("resolves what is chosen after a second press, the worst first in the list", async () => {
    const all = [alert(1), alert(2, { severity: "critical" }), alert(3)];
    const sent = serve({
      ...empty,
      "GET /alerts": () => all,
      "POST /alerts/1/resolve": () => alert(1, { resolved: true }),
      "POST /alerts/2/resolve": () => alert(2, { resolved: true }),
      "POST /alerts/3/resolve": () => alert(3, { resolved: true }),
    });
    await show(<AlertList />);
    await screen.findByText("Alert 2");
    expect(screen.getAllByText(/^Alert \d$/).map((title) => title.textContent)).toEqual([
      "Alert 2",
      "Alert 3",
      "Alert 1",
    ]);
    await userEvent.click(screen.getByRole("checkbox", { name: "Select all open alerts shown" }));
    await userEvent.click(screen.getByRole("checkbox", { name: "Select “Alert 3”" }));
    expect(screen.getByText("2 selected")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Resolve" }));
    expect(sent.some(({ method }) => method === "POST")).toBe(false);
    await userEvent.click(screen.getByRole("button", { name: "Resolve now" }));
    await waitFor(() => expect(screen.queryByText("Alert 2")).toBeNull());
    expect(sent.flatMap(({ method, path }) => (method === "POST" ? [path] : []))).toEqual([
      "/alerts/2/resolve",
      "/alerts/1/resolve",
    ]);
    expect(screen.getByText("Alert 3")).toBeTruthy();
  });

  it("shows viewers everything, explains, and offers nothing that would be refused", async () => {
    signIn("viewer");
    serve({ ...empty, "GET /alerts": () => [alert(7)] });
    await show(<AlertList />);
    await screen.findByText("Alert 7");
    expect(screen.getByText(/needs the role operator/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Acknowledge" })).toBeNull();
    expect(screen.queryByRole("checkbox")).toBeNull();
  });

  it("is calm without alerts, and offers to clear filters that hide them", async () => {
    serve({ ...empty, "GET /alerts": () => [alert(7)] });
    const router = await show(<AlertList />, "/?severity=critical");
    await screen.findByText("No alert matches");
    await userEvent.click(screen.getAllByRole("button", { name: "Clear filters" })[0] as HTMLElement);
    await screen.findByText("Alert 7");
    expect(router.state.location.search).toEqual({});
  });

  it("says what failed and tries again", async () => {
    let broken = true;
    serve({
      ...empty,
      "GET /alerts": () => (broken ? Response.json({ detail: "the database sleeps" }, { status: 500 }) : []),
    });
    await show(<AlertList />);
    await screen.findByText("the database sleeps");
    broken = false;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByText("All calm");
  });
});

describe("RuleEditor", () => {
  const start = { ...emptyForm, type: "hot", metric: "cpu_percent", warning: "70", critical: "60" };

  it("says at the field what makes no sense, and sends nothing", async () => {
    const sent = serve(empty);
    const done = vi.fn();
    await show(<RuleEditor start={start} onDone={done} />);
    await userEvent.click(await screen.findByRole("button", { name: "Save" }));
    expect(screen.getByLabelText(/^Critical at/).getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByText("Must not be below the warning when high is bad.")).toBeTruthy();
    expect(sent.some(({ method }) => method === "POST")).toBe(false);
    expect(done).not.toHaveBeenCalled();
  });

  it("sends a rule, and shows what the server says against it", async () => {
    let answer: () => unknown = () => Response.json({ detail: "no such robot" }, { status: 422 });
    const sent = serve({ ...empty, "POST /alerts/thresholds": () => answer() });
    const done = vi.fn();
    await show(<RuleEditor start={start} onDone={done} />);
    const critical = await screen.findByLabelText(/^Critical at/);
    await userEvent.clear(critical);
    await userEvent.type(critical, "90,5");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await screen.findByText("no such robot");
    answer = () => ({ id: 9 });
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(done).toHaveBeenCalledOnce());
    expect(sent.find(({ method }) => method === "POST")?.body).toMatchObject({
      metric_type: "hot",
      metric: "cpu_percent",
      warning_threshold: 70,
      critical_threshold: 90.5,
      below: false,
    });
  });
});
