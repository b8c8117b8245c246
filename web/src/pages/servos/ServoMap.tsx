import { useMemo } from "react";
import { withUnit } from "@/format/number";
import { heatColor } from "@/format/temperature";
import { useT } from "@/i18n/translate";
import { type Shape, shapesOf } from "@/parts/body/draw";
import { Figure, viewBox } from "@/parts/body/Figure";
import type { Joint } from "@/parts/body/joints";
import { place, rootFromFeet, skeleton } from "@/parts/body/kinematics";
import { poseFor } from "@/parts/body/poses";
import { lookOf } from "@/parts/chart/look";
import { cn } from "@/parts/cn";
import { servoName } from "./name";
import type { Servo } from "./servos";

const camera = { yaw: 22, pitch: 4 };

// A map stands still: each joint has its place, whatever the robot does.
function standing(): readonly Shape[] {
  const free = skeleton(poseFor("standing").angles);
  return shapesOf(place(free, rootFromFeet(free)), camera);
}

const signs = { calm: "", warning: "▲", critical: "▲▲" };
const inks = { calm: "", warning: "var(--warn)", critical: "var(--bad)" };

interface Props {
  servos: readonly Servo[];
  chosen: readonly string[];
  stale: boolean;
  onToggle: (source: string) => void;
}

/**
 * Where the servos sit: coloured by temperature, signs at those that are not calm, rings in the look of their lines.
 * People without a pointer have the same in the table.
 */
export function ServoMap({ servos, chosen, stale, onToggle }: Props) {
  const t = useT();
  const shapes = useMemo(standing, []);
  const byJoint = new Map(servos.flatMap((servo) => (servo.joint ? [[servo.joint, servo] as const] : [])));
  const color = (joint: Joint) => {
    const celsius = byJoint.get(joint)?.temperature;
    return celsius === undefined ? undefined : heatColor(celsius);
  };
  const marks = shapes.flatMap((shape) => {
    const servo = shape.kind === "joint" ? byJoint.get(shape.joint) : undefined;
    return shape.kind === "joint" && servo ? [{ shape, servo }] : [];
  });
  return (
    <div className="card p-3">
      <svg
        viewBox={viewBox}
        aria-hidden="true"
        className={cn("mx-auto block max-h-96 w-full select-none", stale && "opacity-50 grayscale")}
      >
        <Figure shapes={shapes} camera={camera} color={color} />
        {marks.map(({ shape, servo }) => {
          const line = chosen.indexOf(servo.source);
          const look = lookOf(Math.max(0, line));
          const out = shape.at[0] < 0 ? -1 : 1;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: the table has the same for keys
            <g key={servo.source} onClick={() => onToggle(servo.source)} className="cursor-pointer">
              <title>{`${servoName(servo, t)}: ${withUnit(servo.temperature, "°C", 0)}, ${withUnit(servo.position, "°")}`}</title>
              {line >= 0 && (
                <circle
                  cx={shape.at[0]}
                  cy={shape.at[1]}
                  r={shape.radius + 4}
                  fill="none"
                  stroke={`var(${look.color})`}
                  strokeWidth={4}
                  strokeDasharray={look.dash.join(" ")}
                />
              )}
              {servo.level !== "calm" && (
                <text
                  x={shape.at[0] + out * (shape.radius + 10)}
                  y={shape.at[1] + 5}
                  textAnchor={out < 0 ? "end" : "start"}
                  fontSize={13}
                  fontWeight={650}
                  fill={inks[servo.level]}
                  stroke="var(--surface)"
                  strokeWidth={3.5}
                  paintOrder="stroke"
                >
                  {signs[servo.level]}
                  {withUnit(servo.temperature, "°", 0)}
                </text>
              )}
              <circle cx={shape.at[0]} cy={shape.at[1]} r={18} fill="transparent" />
            </g>
          );
        })}
      </svg>
      <p className="mt-2 text-center text-ink-3 text-xs">{t("servo.map")}</p>
    </div>
  );
}
