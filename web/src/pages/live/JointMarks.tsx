import { jointName } from "@/format/joint";
import { number, withUnit } from "@/format/number";
import { heat } from "@/format/temperature";
import { useT } from "@/i18n/translate";
import type { Shape } from "@/parts/body/draw";
import type { Joint } from "@/parts/body/joints";
import type { JointStates } from "./pose";

interface Props {
  shapes: readonly Shape[];
  states: JointStates;
  chosen: Joint | undefined;
  onChoose: (joint: Joint | undefined) => void;
}

type JointShape = Extract<Shape, { kind: "joint" }>;

const isJoint = (shape: Shape): shape is JointShape => shape.kind === "joint";

/** Over the figure: places to point at, signs with the temperature at hot joints, and what is known of the chosen one. */
export function JointMarks({ shapes, states, chosen, onChoose }: Props) {
  const placed = shapes.filter(isJoint);
  const hot = placed.filter(({ joint }) => {
    const celsius = states.get(joint)?.celsius;
    return joint !== chosen && celsius !== undefined && ["hot", "critical"].includes(heat(celsius));
  });
  const selected = placed.find(({ joint }) => joint === chosen);
  return (
    <g>
      {hot.map((shape) => (
        <HotMark key={shape.joint} shape={shape} celsius={states.get(shape.joint)?.celsius ?? 0} />
      ))}
      {selected && <Selected shape={selected} states={states} />}
      {placed.map(({ joint, at }) => (
        <circle
          key={joint}
          cx={at[0]}
          cy={at[1]}
          r={20}
          fill="transparent"
          onPointerEnter={() => onChoose(joint)}
          onPointerLeave={() => onChoose(undefined)}
        />
      ))}
    </g>
  );
}

function HotMark({ shape: { at, radius }, celsius }: { shape: JointShape; celsius: number }) {
  const out = at[0] < 0 ? -1 : 1;
  const x = at[0] + out * (radius + 7);
  const critical = heat(celsius) === "critical";
  return (
    <g
      fill={critical ? "var(--bad)" : "var(--warn)"}
      fontSize={13}
      fontWeight={650}
      textAnchor={out < 0 ? "end" : "start"}
    >
      <path d={`M${x + out * 5} ${at[1] - 6}l6 11h-12z`} />
      <text x={x + out * 14} y={at[1] + 5} stroke="var(--surface)" strokeWidth={3.5} paintOrder="stroke">
        {number(celsius)}°
      </text>
    </g>
  );
}

function Selected({ shape, states }: { shape: JointShape; states: JointStates }) {
  const t = useT();
  const state = states.get(shape.joint);
  const name = jointName(shape.joint, t);
  const facts = [withUnit(state?.angle, "°"), withUnit(state?.celsius, "°C", 0)].join("  ");
  const width = Math.max(name.length, facts.length) * 7.2 + 20;
  const x = Math.min(158 - width, Math.max(-158, shape.at[0] - width / 2));
  const y = shape.at[1] < -120 ? shape.at[1] + shape.radius + 8 : shape.at[1] - shape.radius - 50;
  return (
    <g pointerEvents="none">
      <circle
        cx={shape.at[0]}
        cy={shape.at[1]}
        r={shape.radius + 3.5}
        fill="none"
        stroke="var(--accent)"
        strokeWidth={3}
      />
      <rect x={x} y={y} width={width} height={42} rx={8} fill="var(--surface)" stroke="var(--line-strong)" />
      <text x={x + 10} y={y + 17} fontSize={12.5} fontWeight={600} fill="var(--ink)">
        {name}
      </text>
      <text x={x + 10} y={y + 33} fontSize={12.5} fill="var(--ink-2)">
        {facts}
      </text>
    </g>
  );
}
