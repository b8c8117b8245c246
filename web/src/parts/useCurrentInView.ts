import { useRouterState } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef } from "react";

/** Scrolls a row of links sideways so that the one of the present view is in sight; a phone has no room for all. */
export function useCurrentInView<T extends HTMLElement>(): RefObject<T | null> {
  const row = useRef<T>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view makes another link the present one
  useEffect(() => {
    const box = row.current;
    const link = box?.querySelector<HTMLElement>('[aria-current="page"]');
    if (!box || !link) return;
    const room = box.getBoundingClientRect();
    const own = link.getBoundingClientRect();
    if (own.left < room.left || own.right > room.right) {
      box.scrollLeft += own.left + own.width / 2 - (room.left + room.width / 2);
    }
  }, [path]);
  return row;
}
