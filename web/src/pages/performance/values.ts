import {
  BatteryMedium,
  Cpu,
  Gauge,
  HardDrive,
  Hourglass,
  type LucideIcon,
  MemoryStick,
  Thermometer,
  Timer,
  Wifi,
  Zap,
} from "lucide-react";
import { flagText } from "@/format/flag";
import { noValue, number } from "@/format/number";
import { duration } from "@/format/time";
import type { Key, Translate } from "@/i18n/translate";
import type { Scale } from "@/parts/chart/scale";

/** A value of the computer in the robot. */
export interface Vital {
  metric: string;
  label: Key;
  unit: string;
  decimals: number;
  Icon: LucideIcon;
  scale: Scale;
  /** It is or it is not; in between there is nothing. */
  flag?: true;
  /** The least change that is worth an arrow. */
  notable: number;
}

const percent: Scale = { from: 0, to: 100 };

/** The tiles and charts, in the order in which a person looks. */
export const values: readonly Vital[] = [
  { metric: "cpu_percent", label: "value.cpu", unit: "%", decimals: 0, Icon: Cpu, scale: percent, notable: 5 },
  {
    metric: "memory_percent",
    label: "value.memory_used",
    unit: "%",
    decimals: 0,
    Icon: MemoryStick,
    scale: percent,
    notable: 2,
  },
  { metric: "disk_percent", label: "value.disk", unit: "%", decimals: 0, Icon: HardDrive, scale: percent, notable: 1 },
  {
    metric: "cpu_temperature",
    label: "value.cpu_temperature",
    unit: "°C",
    decimals: 1,
    Icon: Thermometer,
    scale: { span: 10 },
    notable: 1,
  },
  {
    metric: "battery_percent",
    label: "value.battery",
    unit: "%",
    decimals: 0,
    Icon: BatteryMedium,
    scale: percent,
    notable: 1,
  },
  {
    metric: "battery_voltage",
    label: "value.battery_voltage",
    unit: "V",
    decimals: 2,
    Icon: Zap,
    scale: { span: 0.5 },
    notable: 0.05,
  },
  { metric: "wifi_signal", label: "value.wifi", unit: "dBm", decimals: 0, Icon: Wifi, scale: { span: 15 }, notable: 3 },
  {
    metric: "network_rtt",
    label: "value.rtt",
    unit: "ms",
    decimals: 1,
    Icon: Timer,
    scale: { from: 0, span: 20 },
    notable: 5,
  },
  {
    metric: "throttled",
    label: "value.throttled",
    unit: "",
    decimals: 0,
    Icon: Gauge,
    scale: { from: 0, to: 1 },
    flag: true,
    notable: 0.5,
  },
  {
    metric: "uptime",
    label: "value.uptime",
    unit: "s",
    decimals: 0,
    Icon: Hourglass,
    scale: { span: 60 },
    notable: Number.POSITIVE_INFINITY,
  },
];

/** Writes a value without its unit, and the unit: a duration and a yes or no have none. */
export function written(vital: Vital, value: number | undefined, t: Translate): readonly [text: string, unit: string] {
  if (value === undefined) return [noValue, ""];
  if (vital.flag) return [flagText(value, t), ""];
  if (vital.metric === "uptime") return [duration(value * 1000), ""];
  return [number(value, vital.decimals), vital.unit];
}

export type Trend = "rising" | "falling" | "steady";

/** Compares the newest value with the mean of the time shown. */
export function trendOf(vital: Vital, newest: number, mean: number | undefined): Trend | undefined {
  if (mean === undefined || vital.flag || vital.notable === Number.POSITIVE_INFINITY) return undefined;
  if (Math.abs(newest - mean) < vital.notable) return "steady";
  return newest > mean ? "rising" : "falling";
}
