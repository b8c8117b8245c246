import type { Scale } from "@/parts/chart/scale";

/** A chart of the sensors page: one metric, with every source that the robot sends of it. */
export interface SensorChart {
  metric: string;
  scale: Scale;
  /** It is or it is not. */
  flag?: true;
  /** Length of a circle of values, where they go around. */
  around?: number;
  decimals?: number;
}

export interface SensorGroup {
  id: "imu" | "around" | "location" | "detection_confidence";
  charts: readonly SensorChart[];
}

/** Sensors that are read together stand together. `sensor` is whatever else a robot sends. */
export const groups: readonly SensorGroup[] = [
  {
    id: "imu",
    charts: [
      { metric: "acceleration", scale: { span: 4 } },
      { metric: "angular_rate", scale: { span: 20 } },
      { metric: "orientation", scale: { span: 20 }, around: 360 },
    ],
  },
  {
    id: "around",
    charts: [
      { metric: "distance", scale: { from: 0, span: 50 } },
      { metric: "light_level", scale: { from: 0, to: 100 } },
      { metric: "light_dark", scale: { from: 0, to: 1 }, flag: true },
      { metric: "touch", scale: { from: 0, to: 1 }, flag: true },
      { metric: "sensor", scale: { span: 1 }, decimals: 2 },
    ],
  },
  { id: "location", charts: [{ metric: "location", scale: { span: 1 } }] },
  { id: "detection_confidence", charts: [{ metric: "detection_confidence", scale: { from: 0, to: 1 }, decimals: 2 }] },
];

export const metrics: readonly string[] = groups.flatMap((group) => group.charts.map((chart) => chart.metric));

const order = ["x", "y", "z", "roll", "pitch", "yaw"];

/** The axis that a source names: accelerometer_x is x. */
export function axisOf(source: string): string | undefined {
  const last = source.slice(source.lastIndexOf("_") + 1);
  return order.includes(last) ? last : undefined;
}

/** Orders sources by axis, then by name. */
export function bySensor(a: string, b: string): number {
  const place = (source: string) => order.indexOf(axisOf(source) ?? "") + 1;
  return place(a) - place(b) || a.localeCompare(b, "en", { numeric: true });
}
