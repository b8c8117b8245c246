import { useEffect, useState } from "react";
import { number } from "@/format/number";
import { serverNow, useEvents } from "@/live/hooks";
import { cn } from "@/parts/cn";
import { currentBoxes } from "./detections";

const lookEvery = 250;

/** What the robot sees, drawn over the picture. */
export function Boxes({ robot, width, height }: { robot: string; width: number; height: number }) {
  const events = useEvents(robot);
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), lookEvery);
    return () => clearInterval(timer);
  }, []);
  const boxes = currentBoxes(events, now);
  if (width === 0 || height === 0) return null;
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      className="pointer-events-none absolute inset-0 size-full"
      preserveAspectRatio="xMidYMid meet"
    >
      {boxes.map(({ label, confidence, box, frameWidth, locked }) => {
        const scale = frameWidth > 0 ? width / frameWidth : 1;
        const [x1, y1, x2, y2] = box.map((each) => each * scale) as [number, number, number, number];
        const text = confidence === undefined ? label : `${label} ${number(confidence * 100)}%`;
        const size = Math.max(12, width / 40);
        return (
          <g key={`${label} ${box.join(" ")}`} className={cn(locked ? "text-[#55cf92]" : "text-[#ebb451]")}>
            <rect
              x={x1}
              y={y1}
              width={x2 - x1}
              height={y2 - y1}
              fill="none"
              stroke="currentColor"
              strokeWidth={Math.max(2, width / 250)}
              strokeDasharray={locked ? undefined : `${width / 80}`}
            />
            <text
              x={x1}
              y={Math.max(size, y1 - size / 3)}
              fill="currentColor"
              stroke="#000"
              strokeWidth={size / 6}
              paintOrder="stroke"
              fontSize={size}
              fontWeight={600}
            >
              {text}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
