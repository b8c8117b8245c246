import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { serve, show, signIn } from "@/harness";
import { job, summary } from "@/sample";
import { ActiveJobs } from "./ActiveJobs";
import { ItemsPage } from "./ItemsPage";
import { JobHistory } from "./JobHistory";
import { StartJob } from "./StartJob";

const command = (change: object) => ({
  command_id: "c1",
  batch_id: "",
  robot_id: "r1",
  type: "stop_job",
  parameters: {},
  reason: "",
  status: "sent",
  message: "",
  by: "ada",
  address: "",
  created_at: "",
  deadline: "",
  ...change,
});
const robots = { "GET /robots": () => ({ robots: [summary("r1", { name: "Tony" })] }) };
const item = { code: "QR1", sku: "S1", name: "Widget", description: "", weight_kg: 0.5, location: "Shelf" };

beforeEach(() => signIn("operator"));

describe("ActiveJobs", () => {
  it("cancels with a reason and tells what became of it", async () => {
    const sent = serve({
      ...robots,
      "GET /jobs": () => ({ jobs: [job(4, { task_name: "patrol" })], next_cursor: "" }),
      "POST /robots/r1/jobs/cancel": () => command({}),
      "GET /commands/c1": () => command({ status: "done", message: "Job cancelled" }),
    });
    await show(<ActiveJobs />);
    await userEvent.click(await screen.findByRole("button", { name: "Cancel patrol on r1" }));
    await userEvent.type(screen.getByLabelText("Reason"), " wrong shelf ");
    await userEvent.click(screen.getByRole("button", { name: "Cancel the job" }));
    await screen.findByText("The robot did it.");
    expect(screen.getByText("Job cancelled")).toBeTruthy();
    expect(sent.find(({ method }) => method === "POST")?.body).toEqual({ reason: "wrong shelf" });
  });

  it("shows viewers the progress and no way to stop it", async () => {
    signIn("viewer");
    serve({ ...robots, "GET /jobs": () => ({ jobs: [job(4)], next_cursor: "" }) });
    await show(<ActiveJobs />);
    const bar = await screen.findByRole("progressbar");
    expect(bar.getAttribute("aria-valuenow")).toBe("20");
    expect(screen.queryByRole("button", { name: /Cancel/ })).toBeNull();
  });
});

describe("StartJob", () => {
  it("starts what was asked for, and says why it was refused", async () => {
    let answer: () => unknown = () => Response.json({ detail: "tonypi_01 is stopped" }, { status: 409 });
    const sent = serve({ ...robots, "POST /robots/r1/jobs": () => answer() });
    await show(<StartJob robot="r1" />);
    await userEvent.click(await screen.findByRole("button", { name: "Start a job" }));
    await userEvent.type(screen.getByLabelText("Task"), "inventory");
    const dialog = within(screen.getByRole("dialog"));
    await userEvent.click(dialog.getByRole("button", { name: "Start a job" }));
    await screen.findByText("tonypi_01 is stopped");
    answer = () => command({ type: "start_job", status: "done" });
    await userEvent.click(dialog.getByRole("button", { name: "Start a job" }));
    await screen.findByText("The robot did it.");
    expect(sent.filter(({ method }) => method === "POST").at(-1)?.body).toEqual({
      task_name: "inventory",
      items_total: 10,
    });
  });
});

describe("JobHistory", () => {
  it("asks the server for what the URL says, page by page", async () => {
    const sent = serve({
      ...robots,
      "GET /jobs": (_, query) =>
        query.get("cursor")
          ? { jobs: [job(1, { status: "failed" })], next_cursor: "" }
          : { jobs: [job(2, { status: "failed" })], next_cursor: "next" },
    });
    await show(<JobHistory robot="r1" />, "/?status=failed&time=7d");
    await screen.findByText("task 2");
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    await screen.findByText("task 1");
    const list = sent.filter(({ query }) => query.includes("status=failed")).map(({ query }) => query);
    expect(list).toHaveLength(2);
    for (const query of list) expect(query).toMatch(/time_range=7d.*robot_id=r1/);
    expect(list[1]).toContain("cursor=next");
  });
});

describe("ItemsPage", () => {
  it("imports nothing of a file with a wrong line, and says which", async () => {
    signIn("admin");
    const sent = serve({
      "GET /items": () => ({ items: [item], next_cursor: "" }),
      "POST /items/import": () => ({ count: 0, errors: [{ line: 2, detail: "weight_kg is not a number" }] }),
    });
    await show(<ItemsPage />);
    await screen.findByText("Widget");
    await userEvent.click(screen.getByRole("button", { name: "Import CSV" }));
    const csv = "code,weight_kg\nA,heavy\n";
    await userEvent.upload(screen.getByLabelText("Choose a file", { selector: "input" }), new File([csv], "items.csv"));
    const told = await screen.findByText("One line is wrong; nothing was imported.");
    expect(told.parentElement?.textContent).toContain("Line 2: weight_kg is not a number");
    expect(screen.getByText("A,heavy")).toBeTruthy();
    expect(sent.find(({ method }) => method === "POST")?.body).toBe(csv);
  });

  it("saves and deletes", async () => {
    signIn("admin");
    const sent = serve({
      "GET /items": () => ({ items: [item], next_cursor: "" }),
      "PUT /items/QR1": () => item,
      "DELETE /items/QR1": () => new Response(null, { status: 204 }),
    });
    await show(<ItemsPage />);
    await userEvent.click(await screen.findByRole("button", { name: "Edit QR1" }));
    await userEvent.clear(screen.getByLabelText("Weight in kg"));
    await userEvent.type(screen.getByLabelText("Weight in kg"), "1,25");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(sent.find(({ method }) => method === "PUT")?.body).toMatchObject({ code: "QR1", weight_kg: 1.25 });
    const bin = screen.getByRole("button", { name: "Delete QR1" });
    await userEvent.click(bin);
    expect(sent.some(({ method }) => method === "DELETE")).toBe(false);
    await userEvent.click(bin);
    await waitFor(() => expect(sent.some(({ method }) => method === "DELETE")).toBe(true));
  });

  it("lets others read and export only", async () => {
    serve({ "GET /items": () => ({ items: [item], next_cursor: "" }) });
    await show(<ItemsPage />);
    await screen.findByText("Widget");
    expect(screen.getByText(/Only administrators/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Export" })).toBeTruthy();
    for (const name of ["Import CSV", "Add item", "Edit QR1"])
      expect(screen.queryByRole("button", { name })).toBeNull();
  });
});
