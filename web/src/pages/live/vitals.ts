import { BatteryMedium, Cpu, Flame, type LucideIcon, MemoryStick, Radar, Thermometer, Timer, Wifi } from "lucide-react";
import type { Key } from "@/i18n/translate";

/** A value that tells how a robot is. */
export interface Vital {
  metric: string;
  label: Key;
  unit: string;
  decimals?: number;
  Icon: LucideIcon;
  /** The scale of its sparkline. */
  from?: number;
  to?: number;
  span?: number;
  /** Which of several sources counts: the one with the highest value, or the first. */
  pick?: "highest";
}

/** The tiles of the live view, in the order in which a person looks. */
export const vitals: readonly Vital[] = [
  { metric: "battery_percent", label: "value.battery", unit: "%", Icon: BatteryMedium, from: 0, to: 100 },
  {
    metric: "servo_temperature",
    label: "value.hottest",
    unit: "°C",
    decimals: 0,
    Icon: Flame,
    span: 10,
    pick: "highest",
  },
  { metric: "cpu_percent", label: "value.cpu", unit: "%", Icon: Cpu, from: 0, to: 100 },
  { metric: "cpu_temperature", label: "value.cpu_temperature", unit: "°C", decimals: 0, Icon: Thermometer, span: 10 },
  { metric: "memory_percent", label: "value.memory", unit: "%", Icon: MemoryStick, from: 0, to: 100 },
  { metric: "wifi_signal", label: "value.wifi", unit: "dBm", Icon: Wifi, span: 15 },
  { metric: "network_rtt", label: "value.rtt", unit: "ms", Icon: Timer, from: 0, span: 20 },
  { metric: "distance", label: "value.distance", unit: "cm", decimals: 0, Icon: Radar, from: 0, span: 20 },
];
