import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useCalm } from "./calm";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("shows few of many changes, and the last one", () => {
  const seen = new Set<number>();
  const { result, rerender } = renderHook(({ value }) => useCalm(value, 500), { initialProps: { value: 0 } });
  for (let i = 1; i <= 20; i++) {
    rerender({ value: i });
    act(() => vi.advanceTimersByTime(100));
    seen.add(result.current);
  }
  act(() => vi.advanceTimersByTime(500));
  expect(result.current).toBe(20);
  expect(seen.size).toBeGreaterThan(2);
  expect(seen.size).toBeLessThan(7);
});

it("does not wait when there is no pause", () => {
  const { result, rerender } = renderHook(({ value }) => useCalm(value, 0), { initialProps: { value: 0 } });
  rerender({ value: 1 });
  expect(result.current).toBe(1);
});
