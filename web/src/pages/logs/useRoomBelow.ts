import { type RefObject, useLayoutEffect, useRef, useState } from "react";

const least = 320; // px
const margin = 16;

/** How high a part may be to end where the window ends, below what stands above it; never less than 320 px. */
export function useRoomBelow<T extends HTMLElement>(): readonly [RefObject<T | null>, number] {
  const part = useRef<T>(null);
  const [room, setRoom] = useState(least);
  useLayoutEffect(() => {
    const measure = () => {
      const main = document.getElementById("content");
      const box = part.current?.getBoundingClientRect();
      if (!box || !main) return;
      // On a phone the navigation lies over the end of the window; the page keeps as much free.
      const below = main.parentElement ? Number.parseFloat(getComputedStyle(main.parentElement).paddingBottom) || 0 : 0;
      setRoom(Math.max(least, Math.floor(innerHeight - box.top - scrollY - below - margin)));
    };
    measure();
    const watch = new ResizeObserver(measure);
    const above = part.current?.parentElement;
    if (above) for (const each of above.children) if (each !== part.current) watch.observe(each);
    window.addEventListener("resize", measure);
    return () => {
      watch.disconnect();
      window.removeEventListener("resize", measure);
    };
  });
  return [part, room];
}
