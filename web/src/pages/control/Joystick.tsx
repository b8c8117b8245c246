import { type PointerEvent, useRef, useState } from "react";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import type { Motion } from "./motion";
import { fromStick, still } from "./motion";

interface Props {
  disabled: boolean;
  /** What all hands want together; the knob shows it when nobody pulls. */
  motion: Motion;
  onMove: (motion: Motion) => void;
}

/** A stick for finger and mouse: it springs back when it is let go. */
export function Joystick({ disabled, motion, onMove }: Props) {
  const t = useT();
  const base = useRef<HTMLDivElement>(null);
  const [pull, setPull] = useState<{ x: number; y: number }>();
  const move = (event: PointerEvent) => {
    const box = base.current?.getBoundingClientRect();
    if (!box) return;
    const x = (event.clientX - box.left - box.width / 2) / (box.width / 2);
    const y = -(event.clientY - box.top - box.height / 2) / (box.height / 2);
    const far = Math.max(1, Math.hypot(x, y));
    setPull({ x: x / far, y: y / far });
    onMove(fromStick(x / far, y / far));
  };
  const release = () => {
    setPull(undefined);
    onMove(still);
  };
  const knob = pull ?? { x: -motion.turn, y: motion.forward };
  return (
    <div
      ref={base}
      role="img"
      aria-label={t("drive.stick")}
      onPointerDown={(event) => {
        if (disabled || event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        move(event);
      }}
      onPointerMove={(event) => pull && move(event)}
      onPointerUp={release}
      onPointerCancel={release}
      onLostPointerCapture={release}
      className={cn(
        "relative size-44 shrink-0 touch-none select-none rounded-full border border-line-strong bg-sunken",
        disabled ? "opacity-50" : "cursor-grab active:cursor-grabbing",
      )}
    >
      <span aria-hidden className="absolute inset-x-4 top-1/2 h-px bg-line" />
      <span aria-hidden className="absolute inset-y-4 left-1/2 w-px bg-line" />
      <span
        aria-hidden
        style={{ transform: `translate(${knob.x * 56}px, ${-knob.y * 56}px)` }}
        className={cn(
          "absolute top-1/2 left-1/2 -mt-8 -ml-8 size-16 rounded-full border-2 border-surface bg-accent shadow-float",
          !pull && "motion-safe:transition-transform motion-safe:duration-100",
        )}
      />
    </div>
  );
}
