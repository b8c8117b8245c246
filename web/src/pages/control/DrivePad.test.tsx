import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { ClientFrame } from "@/live/frames";
import { DrivePad } from "./DrivePad";
import { Driver } from "./driver";

function start() {
  const sent: ClientFrame[] = [];
  const driver = new Driver({ robot: "r1", now: Date.now, send: (frame) => sent.push(frame) > 0 });
  const pad = (disabled: boolean) => <DrivePad driver={driver} state={driver.current()} disabled={disabled} />;
  const { rerender } = render(pad(false));
  const element = screen.getByRole("application");
  element.focus();
  return {
    driver,
    element,
    allow: (yes: boolean) => rerender(pad(!yes)),
    forward: () => driver.current().motion.forward,
  };
}

const w = { key: "w", code: "KeyW" };

it("drives while a key is down", () => {
  const { element, forward } = start();
  fireEvent.keyDown(element, w);
  expect(forward()).toBe(1);
  fireEvent.keyUp(element, w);
  expect(forward()).toBe(0);
});

it("stands when Control or Command goes down, since releases may get lost then", () => {
  const { element, forward } = start();
  fireEvent.keyDown(element, w);
  fireEvent.keyDown(element, { key: "Meta", metaKey: true });
  expect(forward()).toBe(0);
  fireEvent.keyDown(element, { ...w, repeat: true });
  fireEvent.keyUp(element, { key: "Meta" });
  expect(forward()).toBe(0);
});

it("takes the first press after driving was not allowed, when the key was let go meanwhile", () => {
  const { driver, element, allow, forward } = start();
  fireEvent.keyDown(element, w);
  allow(false);
  driver.letGo();
  fireEvent.keyUp(element, w);
  allow(true);
  fireEvent.keyDown(element, { ...w, repeat: true });
  expect(forward()).toBe(0);
  fireEvent.keyDown(element, w);
  expect(forward()).toBe(1);
  driver.letGo();
});

it("does nothing while driving is not allowed", () => {
  const { element, allow, forward } = start();
  allow(false);
  fireEvent.keyDown(element, w);
  expect(forward()).toBe(0);
});
