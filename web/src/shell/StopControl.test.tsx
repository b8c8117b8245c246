import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { serve, show, signIn } from "@/harness";
import { Stops } from "@/live/stops";
import { Dialog } from "@/parts/Dialog";
import { summary } from "@/sample";
import { StopBlock } from "./StopControl";
import { StopsContext } from "./stop";

const live = vi.fn(() => true);

beforeEach(() => {
  live.mockClear();
  serve({ "GET /robots": () => ({ robots: [summary("r1"), summary("r2")] }) });
});

async function open(onClose = () => {}) {
  const stops = new Stops({ live, http: async () => [], read: async () => [], now: Date.now });
  await show(
    <StopsContext value={stops}>
      <StopBlock />
      <Dialog open onClose={onClose} title="A window">
        <input aria-label="Reason" />
      </Dialog>
    </StopsContext>,
  );
  return screen.findByRole("button", { name: /^Stop all robots/ });
}

it("stops at the first touch, also over a window, which stays open", async () => {
  signIn("operator");
  const close = vi.fn();
  const stop = await open(close);
  // Radix listens to presses outside of a window from the next turn of the event loop on.
  await new Promise((done) => setTimeout(done));
  const user = userEvent.setup({ pointerEventsCheck: 0 });
  await user.pointer({ keys: "[MouseLeft>]", target: stop });
  expect(live).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ type: "stop", robot: "" }));
  await user.pointer({ keys: "[/MouseLeft]", target: stop });
  expect(live).toHaveBeenCalledOnce();
  expect(close).not.toHaveBeenCalled();
  await user.click(document.body);
  expect(close).toHaveBeenCalled();
});

it("tells viewers why it does nothing", async () => {
  signIn("viewer");
  const stop = await open();
  expect(stop.getAttribute("aria-disabled")).toBe("true");
  await userEvent.click(stop, { pointerEventsCheck: 0 });
  expect(live).not.toHaveBeenCalled();
  expect(screen.getByRole("status").textContent).toContain("Your role may watch but not stop robots");
});
