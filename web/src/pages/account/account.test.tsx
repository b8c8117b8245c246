import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { serve, show, signIn } from "@/harness";
import { RolesPage } from "../users/RolesPage";
import { ApiTokens } from "./ApiTokens";
import { OwnSessions } from "./OwnSessions";

beforeEach(() => signIn("operator"));

const session = (id: string, change: object = {}) => ({
  id,
  address: "10.0.0.9",
  agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  created_at: "2026-11-23T10:00:00Z",
  used_at: "2026-11-23T10:00:00Z",
  expires_at: "2026-12-23T10:00:00Z",
  current: false,
  ...change,
});

it("ends other sessions, never this one", async () => {
  const sent = serve({
    "GET /sessions": () => ({ sessions: [session("a", { current: true }), session("b"), session("c")] }),
    "DELETE /sessions/b": () => new Response(null, { status: 204 }),
    "DELETE /sessions/c": () => new Response(null, { status: 204 }),
  });
  await show(<OwnSessions />);
  await screen.findByText("this device");
  expect(screen.getAllByRole("button", { name: "Sign out" })).toHaveLength(2);
  const all = screen.getByRole("button", { name: "Sign out all others" });
  await userEvent.click(all);
  await userEvent.click(all);
  await waitFor(() =>
    expect(sent.filter(({ method }) => method === "DELETE").map(({ path }) => path)).toEqual([
      "/sessions/b",
      "/sessions/c",
    ]),
  );
});

it("shows a new token once", async () => {
  const sent = serve({
    "GET /tokens": () => [],
    "POST /tokens": () =>
      Response.json({ id: "t", kind: "api", name: "Grafana", created_at: "", token: "tp_abc" }, { status: 201 }),
  });
  await show(<ApiTokens />);
  await userEvent.click(await screen.findByRole("button", { name: "Make a token" }));
  const dialog = within(screen.getByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("What it is for"), "Grafana");
  await userEvent.selectOptions(dialog.getByLabelText("Expires after"), "never expires");
  await userEvent.click(dialog.getByRole("button", { name: "Make a token" }));
  await dialog.findByText("tp_abc");
  expect(sent.find(({ method }) => method === "POST")?.body).toEqual({ name: "Grafana" });
  await userEvent.click(dialog.getAllByRole("button", { name: "Close" }).at(-1) as HTMLElement);
  expect(screen.queryByText("tp_abc")).toBeNull();
});

it("shows the server's table of roles, the own one marked", async () => {
  serve({
    "GET /roles": () => ({
      permissions: [
        { action: "manage_users", role: "admin" },
        { action: "command", role: "operator" },
        { action: "something_new", role: "viewer" },
      ],
    }),
  });
  await show(<RolesPage />);
  const rows = (await screen.findAllByRole("row")).slice(1).map((row) => row.textContent);
  expect(rows).toEqual([
    "something newallowedallowedallowed",
    "Send commands, drive, stop and resumenot allowedallowedallowed",
    "Manage usersnot allowednot allowedallowed",
  ]);
  expect(screen.getByRole("columnheader", { name: /Operator/ }).textContent).toContain("yours");
});
