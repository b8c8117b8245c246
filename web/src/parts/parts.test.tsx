import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { setPreferences } from "@/preferences";
import { Battery } from "./Battery";
import { ConfirmButton } from "./ConfirmButton";
import { LinkBars } from "./LinkBars";
import { PasswordField } from "./PasswordField";
import { SeverityBadge } from "./SeverityBadge";
import { pieces } from "./Sparkline";
import { StatusDot, statusOf } from "./StatusDot";

afterEach(() => setPreferences({ language: "en" }));

describe("ConfirmButton", () => {
  it("acts on the second press only", async () => {
    const done = vi.fn();
    render(<ConfirmButton onConfirm={done}>Delete</ConfirmButton>);
    const button = screen.getByRole("button");
    await userEvent.click(button);
    expect(done).not.toHaveBeenCalled();
    expect(button.textContent).toBe("Really?");
    await userEvent.click(button);
    expect(done).toHaveBeenCalledOnce();
    expect(button.textContent).toBe("Delete");
  });
  it("forgets the question when the focus leaves", async () => {
    const done = vi.fn();
    render(<ConfirmButton onConfirm={done}>Delete</ConfirmButton>);
    await userEvent.click(screen.getByRole("button"));
    await userEvent.tab();
    expect(screen.getByRole("button").textContent).toBe("Delete");
  });
});

describe("what colour says is also said in words", () => {
  it.each([
    [{ online: true, emergency_stopped: false }, "Online"],
    [{ online: false, emergency_stopped: false }, "Offline"],
    [{ online: false, emergency_stopped: true }, "Stopped"],
  ])("status %o is %s", (robot, word) => {
    render(<StatusDot status={statusOf(robot)} bare />);
    expect(screen.getByText(word)).toBeTruthy();
  });
  it("severity, link and battery", () => {
    render(
      <>
        <SeverityBadge severity="critical">3</SeverityBadge>
        <LinkBars signal={-80} roundTrip={20} />
        <Battery percent={12} minutes={75} brief />
      </>,
    );
    for (const text of [/Critical/, "Poor link", "12%", /^1.h 15.min left$/]) {
      expect(screen.getByText(text)).toBeTruthy();
    }
  });
  it("follows the language at once", () => {
    render(<StatusDot status="stopped" />);
    setPreferences({ language: "de" });
    return screen.findByText("Angehalten");
  });
});

describe("PasswordField", () => {
  it("shows and hides, and ties its error to the input", async () => {
    render(<PasswordField label="Password" error="too short" defaultValue="secret12" />);
    const input = screen.getByLabelText("Password");
    expect(input.getAttribute("type")).toBe("password");
    expect(input.getAttribute("aria-invalid")).toBe("true");
    const note = document.getElementById(input.getAttribute("aria-describedby") ?? "");
    expect(note?.textContent).toBe("too short");
    await userEvent.click(screen.getByRole("button", { name: "Show password" }));
    expect(input.getAttribute("type")).toBe("text");
  });
});

describe("sparkline", () => {
  const at = (time: number, last = 1) => ({ time, min: last, max: last, last });
  it("breaks where data is missing", () => {
    expect(pieces([at(0), at(5000), at(60_000), at(65_000)], 0, 2)).toHaveLength(2);
    expect(pieces([], 0, 1)).toEqual([]);
  });
  it("ends at the right edge", () => {
    expect(pieces([at(0), at(5000)], 0, 2)[0]?.line).toBe("M118.0,16.0L119.0,16.0");
  });
});
