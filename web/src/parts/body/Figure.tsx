import { memo } from "react";
import { cn } from "../cn";
import { type Camera, type Shape, shadow, shapesOf } from "./draw";
import type { Joint } from "./joints";
import { place, rootFromFeet, skeleton } from "./kinematics";
import { poseFor } from "./poses";

/** The part of the picture that is shown, in millimetres around the middle of the figure. */
export const viewBox = "-160 -240 320 415";

interface Props {
  shapes: readonly Shape[];
  camera: Camera;
  /** Colour of a joint; undefined where nothing is known. */
  color?: (joint: Joint) => string | undefined;
  /** A small figure leaves out what would not be seen. */
  small?: boolean;
}

/** Paints a body: only paths, no state. Colours come from CSS, so both themes have their own figure. */
export function Figure({ shapes, camera, color, small = false }: Props) {
  const ground = shadow(camera);
  return (
    <g strokeLinejoin="round">
      <ellipse cx={ground.at[0]} cy={ground.at[1]} rx={ground.rx} ry={ground.ry} fill="var(--line)" opacity={0.75} />
      {shapes.map((shape, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the order is the depth; there is nothing else to tell shapes by
        <ShapePath key={i} shape={shape} color={color} small={small} />
      ))}
    </g>
  );
}

const shell = (light: number) =>
  `color-mix(in oklab, var(--shell-light) ${Math.round(light * 100)}%, var(--shell-dark))`;

function ShapePath({ shape, color, small }: { shape: Shape; color: Props["color"]; small: boolean }) {
  if (shape.kind === "joint") {
    const fill = color?.(shape.joint) ?? "var(--shell-dark)";
    return (
      <g>
        <circle
          cx={shape.at[0]}
          cy={shape.at[1]}
          r={shape.radius}
          fill={fill}
          stroke="var(--shell-line)"
          strokeWidth={1.4}
        />
        {!small && (
          <circle cx={shape.at[0]} cy={shape.at[1]} r={shape.radius * 0.34} fill="var(--shell-line)" opacity={0.45} />
        )}
      </g>
    );
  }
  if (shape.kind === "limb") {
    const d = `M${shape.from.join(" ")}L${shape.to.join(" ")}`;
    return (
      <g fill="none" strokeLinecap="round">
        <path d={d} stroke="var(--shell-line)" strokeWidth={shape.width + 2.6} />
        <path d={d} stroke={shell(shape.light * 0.8)} strokeWidth={shape.width} />
        {!small && (
          <path
            d={d}
            stroke={shell(Math.min(1, shape.light + 0.12))}
            strokeWidth={shape.width * 0.5}
            transform="translate(-2 -2)"
          />
        )}
      </g>
    );
  }
  const fill = shape.part === "visor" ? "var(--shell-visor)" : shell(shape.light);
  return (
    <polygon
      points={shape.points.map((p) => p.join(",")).join(" ")}
      fill={fill}
      stroke="var(--shell-line)"
      strokeWidth={1.4}
    />
  );
}

/** From where a small figure is looked at: far enough around it that bent knees and falls are seen. */
const aside: Camera = { yaw: 52, pitch: 10 };

const postures = new Map<string, readonly Shape[]>();

function postureShapes(posture: string): readonly Shape[] {
  let list = postures.get(posture);
  if (!list) {
    const { angles, root, lift } = poseFor(posture);
    const free = skeleton(angles);
    list = shapesOf(place(free, root ?? rootFromFeet(free), lift), aside);
    if (postures.size < 50) postures.set(posture, list);
  }
  return list;
}

/** A small figure that shows a posture by its pose. Its word stands elsewhere. */
export const PostureFigure = memo(function PostureFigure({
  posture,
  className,
}: {
  posture: string;
  className?: string;
}) {
  return (
    <svg viewBox={viewBox} aria-hidden="true" className={cn("overflow-visible", className)}>
      <Figure shapes={postureShapes(posture)} camera={aside} small />
    </svg>
  );
});
