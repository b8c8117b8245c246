import { useEffect, useRef, useState } from "react";

/** Follows a value, but not more often than every `pause` ms; the newest value always comes in the end. 0: at once. */
export function useCalm<T>(value: T, pause: number): T {
  const [shown, setShown] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    if (pause === 0) return;
    const wait = last.current + pause - performance.now();
    const timer = setTimeout(
      () => {
        last.current = performance.now();
        setShown(value);
      },
      Math.max(0, wait),
    );
    return () => clearTimeout(timer);
  }, [value, pause]);
  return pause === 0 ? value : shown;
}
