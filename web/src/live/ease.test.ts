import { expect, it } from "vitest";
import { step } from "./ease";

it("moves to the goal, arrives, and then is the goal itself", () => {
  const goal = [10, -20];
  let now: readonly number[] = [0, 0];
  let before = 0;
  for (let i = 0; i < 60 && now !== goal; i++) {
    now = step(now, goal, 33);
    expect(now[0]).toBeGreaterThanOrEqual(before);
    before = now[0] ?? 0;
  }
  expect(now).toBe(goal);
});

it("jumps when the body is another one", () => {
  const goal = [1, 2, 3];
  expect(step([1], goal, 10)).toBe(goal);
});
