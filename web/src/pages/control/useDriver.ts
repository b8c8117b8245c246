import { useEffect, useMemo, useSyncExternalStore } from "react";
import { serverNow, useFeed } from "@/live/hooks";
import { Driver, type DriverState } from "./driver";

/** A driver of a robot that ends when the page loses its person, and for as long as it is not allowed. */
export function useDriver(robot: string, allowed: boolean): [Driver, DriverState] {
  const feed = useFeed();
  const driver = useMemo(() => new Driver({ robot, send: feed.send, now: serverNow }), [robot, feed]);
  useEffect(() => {
    const end = feed.onAnswer((frame) => frame.type === "driven" && driver.answer(frame));
    const leave = () => driver.letGo();
    const hide = () => document.hidden && driver.letGo();
    window.addEventListener("blur", leave);
    window.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", hide);
    return () => {
      window.removeEventListener("blur", leave);
      window.removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", hide);
      driver.letGo();
      end();
    };
  }, [driver, feed]);
  useEffect(() => {
    if (!allowed) driver.letGo();
  }, [driver, allowed]);
  const state = useSyncExternalStore(driver.subscribe, driver.current);
  const lost = state.ended?.reason === "lost";
  useEffect(() => {
    if (lost) feed.doubt();
  }, [feed, lost]);
  return [driver, state];
}
