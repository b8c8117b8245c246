import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { heatColor } from "@/format/temperature";
import { useT } from "@/i18n/translate";
import type { Camera, Shape } from "@/parts/body/draw";
import { Figure, viewBox } from "@/parts/body/Figure";
import type { Joint } from "@/parts/body/joints";
import { cn } from "@/parts/cn";
import { JointMarks } from "./JointMarks";
import type { JointStates } from "./pose";

interface Props {
  shapes: readonly Shape[];
  camera: Camera;
  onCamera: (camera: Camera) => void;
  states: JointStates;
  chosen: Joint | undefined;
  onChoose: (joint: Joint | undefined) => void;
  stale: boolean;
}

const keyTurns: Record<string, readonly [yaw: number, pitch: number]> = {
  ArrowLeft: [-15, 0],
  ArrowRight: [15, 0],
  ArrowUp: [0, 10],
  ArrowDown: [0, -10],
};

const turned = ({ yaw, pitch }: Camera, dYaw: number, dPitch: number): Camera => ({
  yaw: (yaw + dYaw) % 360,
  pitch: Math.min(80, Math.max(-20, pitch + dPitch)),
});

/** The figure in space: drag or arrow keys turn it, pointing at a joint names it. */
export function BodyView({ shapes, camera, onCamera, states, chosen, onChoose, stale }: Props) {
  const t = useT();
  const drag = useRef<{ x: number; y: number } | undefined>(undefined);
  const move = (event: PointerEvent) => {
    if (!drag.current) return;
    onCamera(turned(camera, (event.clientX - drag.current.x) * 0.5, (event.clientY - drag.current.y) * 0.35));
    drag.current = { x: event.clientX, y: event.clientY };
  };
  const press = (event: KeyboardEvent) => {
    const by = keyTurns[event.key];
    if (!by) return;
    event.preventDefault();
    onCamera(turned(camera, by[0], by[1]));
  };
  const color = (joint: Joint) => {
    const celsius = states.get(joint)?.celsius;
    return celsius === undefined ? undefined : heatColor(celsius);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: no element of HTML is a thing to turn
    <div
      role="group"
      aria-label={`${t("live.body")}. ${t("live.body_help")}`}
      title={t("live.body_help")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys turn the figure
      tabIndex={0}
      onKeyDown={press}
      onPointerDown={(event) => {
        drag.current = { x: event.clientX, y: event.clientY };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={move}
      onPointerUp={() => {
        drag.current = undefined;
      }}
      onPointerCancel={() => {
        drag.current = undefined;
      }}
      className="cursor-grab touch-pan-y select-none rounded-lg active:cursor-grabbing"
    >
      <svg
        viewBox={viewBox}
        aria-hidden="true"
        className={cn("mx-auto block max-h-[32rem] w-full overflow-visible", stale && "opacity-50 grayscale")}
      >
        <Figure shapes={shapes} camera={camera} color={color} />
        <JointMarks shapes={shapes} states={states} chosen={chosen} onChoose={onChoose} />
      </svg>
    </div>
  );
}
