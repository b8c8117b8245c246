import { Terminal } from "@xterm/xterm";
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { type Cast, eventsUntil, readSize } from "./cast";

export const speeds = ["1", "2", "4"] as const;
export type Speed = (typeof speeds)[number];

const paintEvery = 50; // ms

interface Player {
  box: RefObject<HTMLDivElement | null>;
  /** Second of the recording that is shown. */
  at: number;
  playing: boolean;
  speed: Speed;
  toggle: () => void;
  seek: (at: number) => void;
  setSpeed: (speed: Speed) => void;
}

/** Plays a recording into a terminal that nobody can type into. */
export function usePlayer(cast: Cast): Player {
  const box = useRef<HTMLDivElement>(null);
  const terminal = useRef<Terminal>(undefined);
  const written = useRef(0);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(true);
  const [speed, setSpeed] = useState<Speed>("1");

  useEffect(() => {
    const screen = new Terminal({
      cols: cast.width,
      rows: cast.height,
      disableStdin: true,
      cursorBlink: false,
      fontSize: 13,
      scrollback: 2000,
    });
    if (box.current) screen.open(box.current);
    terminal.current = screen;
    written.current = 0;
    return () => screen.dispose();
  }, [cast]);

  // A step back begins at the beginning: a terminal cannot unwrite.
  const show = useCallback(
    (to: number) => {
      const screen = terminal.current;
      if (!screen) return;
      const end = eventsUntil(cast, to);
      if (end < written.current) {
        screen.reset();
        screen.resize(cast.width, cast.height);
        written.current = 0;
      }
      for (const event of cast.events.slice(written.current, end)) {
        const size = event.kind === "r" ? readSize(event.data) : undefined;
        if (size) screen.resize(...size);
        else if (event.kind === "o") screen.write(event.data);
      }
      written.current = end;
    },
    [cast],
  );

  useEffect(() => show(at), [show, at]);

  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const step = ((now - last) / 1000) * Number(speed);
      last = now;
      setAt((before) => Math.min(cast.length, before + step));
    }, paintEvery);
    return () => clearInterval(timer);
  }, [playing, speed, cast]);

  useEffect(() => {
    if (at >= cast.length) setPlaying(false);
  }, [at, cast]);

  return {
    box,
    at,
    playing,
    speed,
    setSpeed,
    seek: setAt,
    toggle: () => {
      if (!playing && at >= cast.length) setAt(0);
      setPlaying(!playing);
    },
  };
}
