import { useEffect, useState } from "react";
import type { Driver } from "./driver";
import { fromPad, still } from "./motion";

const lookEvery = 33; // ms; twice for each beat

/** Lets a game pad drive while the page is in front. Returns the pad's name; undefined when there is none. */
export function useGamepad(driver: Driver, allowed: boolean, stop: () => void): string | undefined {
  const [name, setName] = useState<string>();
  useEffect(() => {
    let stopping = false;
    const look = () => {
      const pad = navigator.getGamepads?.().find((each) => each?.connected && each.mapping === "standard");
      setName(pad?.id);
      if (!pad || document.hidden) {
        driver.move("pad", still);
        return;
      }
      const { stop: pressed, ...motion } = fromPad(pad);
      if (pressed && !stopping) stop();
      stopping = pressed;
      driver.move("pad", allowed && !pressed ? motion : still);
    };
    const timer = setInterval(look, lookEvery);
    return () => {
      clearInterval(timer);
      driver.move("pad", still);
    };
  }, [driver, allowed, stop]);
  return name;
}
