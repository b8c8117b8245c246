import { useEffect, useState } from "react";
import { judge, type Level } from "@/api/rules";
import type { Rule } from "@/api/types";
import { useFeed, useWatch } from "@/live/hooks";
import type { Reading } from "@/live/readings";
import { bySource, type Joint, joints, servoMap } from "@/parts/body/joints";
import type { Sort } from "./search";

/** What is measured at a servo, by the name of its column. */
export const servoMetrics = {
  position: "servo_position",
  target: "servo_target",
  temperature: "servo_temperature",
  voltage: "servo_voltage",
  torque: "servo_torque",
  errors: "servo_errors",
} as const;

type Column = keyof typeof servoMetrics;
const columns = Object.entries(servoMetrics) as [Column, string][];

/** A servo as it is now. What it does not report is undefined. */
export interface Servo extends Partial<Record<Column, number>> {
  source: string;
  /** Undefined when the robot's servo has no place in the figure. */
  joint: Joint | undefined;
  time: number; // ms of the newest value
  level: Level;
}

const rank: Record<Level, number> = { calm: 0, warning: 1, critical: 2 };

/** Makes servos of the newest readings, from the head to the feet. */
export function toServos(readings: readonly Reading[], rules: readonly Rule[]): Servo[] {
  const byServo = new Map<string, Servo>();
  const map = servoMap(readings.map((reading) => reading.source));
  for (const { metric, source, value, time } of readings) {
    const column = columns.find(([, name]) => name === metric)?.[0];
    if (!column) continue;
    const servo = byServo.get(source) ?? { source, joint: map.get(source), time, level: "calm" };
    const level = judge(rules, metric, value);
    byServo.set(source, {
      ...servo,
      [column]: value,
      time: Math.max(servo.time, time),
      level: rank[level] > rank[servo.level] ? level : servo.level,
    });
  }
  return [...byServo.values()].sort(byPlace);
}

const place = (servo: Servo) => (servo.joint ? -joints.indexOf(servo.joint) : 1);
const byPlace = (a: Servo, b: Servo) => place(a) - place(b) || bySource(a.source, b.source);

const worstFirst: Record<Exclude<Sort, "joint">, (servo: Servo) => number | undefined> = {
  position: (servo) => servo.position,
  temperature: (servo) => servo.temperature && -servo.temperature,
  voltage: (servo) => servo.voltage,
  errors: (servo) => servo.errors && -servo.errors,
  level: (servo) => -rank[servo.level],
};

/** Orders servos; those without the value come last either way. */
export function sortServos(servos: readonly Servo[], sort: Sort, down: boolean): Servo[] {
  const turn = down ? -1 : 1;
  if (sort === "joint") return [...servos].sort((a, b) => turn * byPlace(a, b));
  const value = worstFirst[sort];
  return [...servos].sort((a, b) => {
    const [va, vb] = [value(a), value(b)];
    if (va === vb) return byPlace(a, b);
    if (va === undefined) return 1;
    return vb === undefined ? -1 : turn * (va - vb);
  });
}

/** The sources of the hottest servos. */
export function hottest(servos: readonly Servo[], n: number): string[] {
  return sortServos(servos, "temperature", false)
    .filter((servo) => servo.temperature !== undefined)
    .slice(0, n)
    .map((servo) => servo.source);
}

export function countLevels(servos: readonly Servo[]): Record<Level, number> {
  const counts = { calm: 0, warning: 0, critical: 0 };
  for (const servo of servos) counts[servo.level]++;
  return counts;
}

// Numbers that change faster are not read.
const renewEvery = 300;

/** The robot's servos, renewed about three times a second. */
export function useServos(robot: string, rules: readonly Rule[]): readonly Servo[] {
  const { readings } = useFeed();
  useWatch({ robots: { [robot]: Object.values(servoMetrics) } });
  const [servos, setServos] = useState<readonly Servo[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const renew = () => {
      timer = undefined;
      setServos(toServos(readings.list(robot), rules));
    };
    renew();
    const stops = columns.map(([, metric]) =>
      readings.subscribe(
        () => {
          timer ??= setTimeout(renew, renewEvery);
        },
        robot,
        metric,
      ),
    );
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [readings, robot, rules]);
  return servos;
}
