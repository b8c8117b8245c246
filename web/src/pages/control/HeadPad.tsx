import { Crosshair } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { asked, useSendCommand } from "@/api/control";
import type { CommandSpec, ParamSpec } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { cn } from "@/parts/cn";

/** The command that turns the head by two numbers; undefined when the catalogue has none. */
export function headSpec(catalogue: readonly CommandSpec[]): CommandSpec | undefined {
  return catalogue.find((spec) => spec.group === "head" && axis(spec, "pan") && axis(spec, "tilt"));
}

const axis = (spec: CommandSpec, name: string): ParamSpec | undefined =>
  spec.params.find((param) => param.name.includes(name) && param.min !== undefined && param.max !== undefined);

interface Look {
  x: number; // −1 (left) to 1 (right)
  y: number; // −1 (down) to 1 (up)
}

const ahead: Look = { x: 0, y: 0 };
const step = 0.1;
// A servo needs longer than this for any way worth seeing.
const sendEvery = 150;

/** Where the robot looks: drag the point, or use the arrow keys. */
export function HeadPad({ robot, spec, disabled }: { robot: string; spec: CommandSpec; disabled: boolean }) {
  const t = useT();
  const [look, setLook] = useState(ahead);
  const turn = useHead(robot, spec);
  const to = (x: number, y: number) => {
    const next = { x: Math.min(1, Math.max(-1, x)), y: Math.min(1, Math.max(-1, y)) };
    setLook(next);
    turn(next);
  };
  const drag = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    to(((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2);
  };
  const press = (event: KeyboardEvent) => {
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
    if (!way || disabled) return;
    event.preventDefault();
    to(look.x + (way[0] ?? 0), look.y + (way[1] ?? 0));
  };
  return (
    <div className="flex w-full items-center gap-2">
      <div
        role="application"
        aria-label={t("head.pad")}
        aria-disabled={disabled}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the arrow keys
        tabIndex={0}
        onKeyDown={press}
        onPointerDown={(event) => {
          if (disabled) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag(event);
        }}
        onPointerMove={(event) => !disabled && event.currentTarget.hasPointerCapture(event.pointerId) && drag(event)}
        className={cn(
          "relative h-24 w-44 touch-none select-none rounded-lg border border-line-strong bg-sunken",
          disabled ? "opacity-50" : "cursor-crosshair",
        )}
      >
        <span aria-hidden className="absolute inset-x-0 top-1/2 h-px bg-line" />
        <span aria-hidden className="absolute inset-y-0 left-1/2 w-px bg-line" />
        <span
          aria-hidden
          style={{ left: `${(look.x + 1) * 50}%`, top: `${(1 - look.y) * 50}%` }}
          className="absolute -mt-2 -ml-2 size-4 rounded-full border-2 border-surface bg-accent shadow-float"
        />
      </div>
      <Button size="icon" disabled={disabled} onClick={() => to(0, 0)} aria-label={t("head.center")}>
        <Crosshair aria-hidden />
      </Button>
    </div>
  );
}

/** Sends where to look, the newest only and not faster than a head turns. */
function useHead(robot: string, spec: CommandSpec): (look: Look) => void {
  const { mutate } = useSendCommand(robot);
  const wanted = useRef<Look>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = () => {
    timer.current = undefined;
    if (!wanted.current) return;
    const { x, y } = wanted.current;
    wanted.current = undefined;
    const [pan, tilt] = [axis(spec, "pan"), axis(spec, "tilt")];
    if (!pan || !tilt) return;
    // Angles grow to the left, as the robot's own turns do.
    mutate(asked({ type: spec.type, parameters: { [pan.name]: share(pan, -x), [tilt.name]: share(tilt, y) } }));
    timer.current = setTimeout(send, sendEvery);
  };
  return (look) => {
    wanted.current = look;
    if (timer.current === undefined) send();
  };
}

/** The value of a parameter at a share of its range from −1 to 1; its default, or else its middle, is at 0. */
export function share(param: ParamSpec, at: number): number {
  const { min = 0, max = 0 } = param;
  const middle = typeof param.default === "number" ? param.default : (min + max) / 2;
  const value = at < 0 ? middle + (middle - min) * at : middle + (max - middle) * at;
  return Math.round(value);
}
