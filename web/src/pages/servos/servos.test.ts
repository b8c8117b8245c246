import { describe, expect, it } from "vitest";
import type { Rule } from "@/api/types";
import { readServoSearch } from "./search";
import { countLevels, hottest, sortServos, toServos } from "./servos";

const reading = (metric: string, source: string, value: number, time = 1000) => ({ metric, source, value, time });

const rule: Rule = {
  id: 6,
  metric_type: "servo_temp",
  metric: "servo_temperature",
  robot_id: "",
  warning_threshold: 50,
  critical_threshold: 70,
  below: false,
  for_seconds: 2,
  clear_for_seconds: 5,
  hysteresis: 1,
  enabled: true,
  created_at: "2026-11-23T12:00:00Z",
  updated_at: "2026-11-23T12:00:00Z",
};

const six = Array.from({ length: 6 }, (_, i) => reading("servo_temperature", `servo_${i + 1}`, 40 + 6 * i));
const eighteen = Array.from({ length: 18 }, (_, i) => reading("servo_position", `servo_${i + 1}`, i));

describe("toServos", () => {
  it("knows the six servos of the original clients", () => {
    const servos = toServos(six, [rule]);
    expect(servos.map(({ source, joint }) => [source, joint])).toEqual([
      ["servo_5", "head_pan"],
      ["servo_6", "head_tilt"],
      ["servo_3", "hip_pitch_right"],
      ["servo_4", "knee_right"],
      ["servo_1", "hip_pitch_left"],
      ["servo_2", "knee_left"],
    ]);
    expect(countLevels(servos)).toEqual({ calm: 2, warning: 3, critical: 1 });
  });

  it("knows all eighteen joints, and servos that have no place in the figure", () => {
    const servos = toServos([...eighteen, reading("servo_position", "gripper", 5)], []);
    expect(servos).toHaveLength(19);
    expect(servos[0]?.joint).toBe("head_pan");
    expect(servos.at(-1)).toMatchObject({ source: "gripper", joint: undefined, position: 5 });
  });

  it("puts the values of a servo together; the worst level and the newest time count", () => {
    const [servo] = toServos(
      [
        reading("servo_temperature", "servo_7", 71, 1000),
        reading("servo_voltage", "servo_7", 11.1, 3000),
        reading("servo_errors", "servo_7", 2, 2000),
        reading("cpu_percent", "", 99, 9000),
      ],
      [rule],
    );
    expect(servo).toMatchObject({ temperature: 71, voltage: 11.1, errors: 2, level: "critical", time: 3000 });
    expect(servo?.position).toBeUndefined();
  });
});

describe("sortServos", () => {
  const servos = toServos(
    [...six, reading("servo_position", "servo_3", -10), reading("servo_errors", "servo_2", 4)],
    [rule],
  );
  const order = (...args: Parameters<typeof sortServos>) => sortServos(...args).map(({ source }) => source.slice(6));

  it("puts the hottest first, and the coldest when turned", () => {
    expect(order(servos, "temperature", false).join("")).toBe("654321");
    expect(order(servos, "temperature", true).join("")).toBe("123456");
  });

  it("leaves servos without the value last either way", () => {
    expect(order(servos, "position", false)[0]).toBe("3");
    expect(order(servos, "position", true)[0]).toBe("3");
    expect(order(servos, "errors", false)[0]).toBe("2");
  });

  it("picks the hottest", () => {
    expect(hottest(servos, 2)).toEqual(["servo_6", "servo_5"]);
    expect(hottest(toServos(eighteen, []), 3)).toEqual([]);
  });
});

it("reads chosen joints from the URL, six at most, each once", () => {
  expect(readServoSearch({ joints: "servo_1,servo_1,<b>,servo_2" }).joints).toBe("servo_1,servo_2");
  expect(readServoSearch({ joints: "a,b,c,d,e,f,g" }).joints).toBe("a,b,c,d,e,f");
  expect(readServoSearch({ joints: "" }).joints).toBe("");
  expect(readServoSearch({ joints: 5, sort: "joint", down: "yes" })).toEqual({});
});
