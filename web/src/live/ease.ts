import { useEffect, useRef, useState } from "react";

const halfLife = 60; // ms
const frame = 30; // ms; more often is not seen and costs a phone its battery
const close = 0.02;

/** Moves numbers a part of the way to their goal, as far as they get in `ms`. The same array when all have arrived. */
export function step(now: readonly number[], goal: readonly number[], ms: number): readonly number[] {
  if (now.length !== goal.length) return goal;
  const left = 0.5 ** (ms / halfLife);
  let arrived = true;
  const next = now.map((value, i) => {
    const to = goal[i] ?? value;
    if (Math.abs(to - value) < close) return to;
    arrived = false;
    return to + (value - to) * left;
  });
  return arrived ? goal : next;
}

/**
 * Follows numbers that come ten times a second so that the eye sees a movement instead of jumps. It rests when nothing
 * moves, and does not ease at all for people who want less motion.
 */
export function useEased(goal: readonly number[]): readonly number[] {
  const [shown, setShown] = useState(goal);
  const state = useRef({ shown: goal, goal });
  state.current.goal = goal;
  useEffect(() => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      state.current.shown = goal;
      setShown(goal);
      return;
    }
    let last = performance.now();
    const paint = (now: number) => {
      if (now - last >= frame) {
        state.current.shown = step(state.current.shown, state.current.goal, now - last);
        last = now;
        setShown(state.current.shown);
      }
      if (state.current.shown !== state.current.goal) request = requestAnimationFrame(paint);
    };
    let request = requestAnimationFrame(paint);
    return () => cancelAnimationFrame(request);
  }, [goal]);
  return shown;
}
