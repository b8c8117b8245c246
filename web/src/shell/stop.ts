import { useParams } from "@tanstack/react-router";
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import { useFleet } from "@/api/robots";
import { useMay } from "@/api/role";
import type { StopOrder, Stops } from "@/live/stops";

export const StopsContext = createContext<Stops | undefined>(undefined);

export function useStops(): Stops {
  const stops = useContext(StopsContext);
  if (!stops) throw new Error("there are no Stops around this part");
  return stops;
}

export function useStopOrders(): readonly StopOrder[] {
  const stops = useStops();
  return useSyncExternalStore(stops.subscribe, stops.current);
}

/**
 * Marks what stays in reach while a window is open: presses on it do not close the window, and aria-live keeps it among
 * what screen readers find.
 */
export const inReach = { "data-stop": true, "aria-live": "off" } as const;

/** The robot whose views are open; "" elsewhere. */
export function useOpenRobot(): string {
  const { robot = "" } = useParams({ strict: false });
  return robot;
}

/** What a person calls a robot. */
export function useRobotName(): (robot: string) => string {
  const { data: fleet } = useFleet();
  return useCallback((id) => fleet?.find((robot) => robot.robot_id === id)?.name || id, [fleet]);
}

/** Returns what stops a robot, or all (""); undefined for people whose role may not. */
export function useStop(): ((robot: string) => void) | undefined {
  const stops = useStops();
  const { data: fleet } = useFleet();
  const stop = useCallback(
    (robot: string) => {
      stops.stop(robot, fleet?.map((each) => each.robot_id) ?? []);
    },
    [stops, fleet],
  );
  return useMay("command") ? stop : undefined;
}

/** The key that goes with ".": Command on a Mac, Control elsewhere. */
export const stopModifier = (): string => (/mac|iphone|ipad/i.test(navigator.userAgent) ? "⌘" : "Ctrl");

/** Reports whether keys mean "stop". F8 and Pause work wherever the focus is; the chord in the terminal as well. */
export function meansStop(event: KeyboardEvent): boolean {
  if ((event.ctrlKey || event.metaKey) && !event.altKey) return event.code === "Period" || event.key === ".";
  if (event.altKey || (event.key !== "F8" && event.key !== "Pause")) return false;
  return !(event.target instanceof Element && event.target.closest("[data-terminal]"));
}
