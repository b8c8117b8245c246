import { describe, expect, it } from "vitest";
import { translate } from "@/i18n/translate";
import type { NumberedEvent } from "@/live/feed";
import { lean } from "@/parts/body/kinematics";
import { alert } from "@/sample";
import { eventLines } from "./events";
import { type JointState, poseNumbers, poseOf } from "./pose";

const t = (key: Parameters<typeof translate>[1], params?: Parameters<typeof translate>[2]) =>
  translate("en", key, params);

describe("pose", () => {
  it("shows the posture while no angle is known", () => {
    const { angles, root } = poseOf(poseNumbers(new Map(), "fallen_front", undefined));
    expect(angles.knee_left).toBeGreaterThan(50);
    expect(lean(root)).toBeCloseTo(88, 0);
  });
  it("shows what the robot reports, and the rest straight", () => {
    const state: JointState = { joint: "knee_left", source: "servo_2", angle: 30, celsius: undefined, time: 1 };
    const { angles } = poseOf(poseNumbers(new Map([["knee_left", state]]), "standing", undefined));
    expect([angles.knee_left, angles.knee_right]).toEqual([30, 0]);
  });
  it("believes the IMU more than the posture, in any unit", () => {
    for (const g of [1, 9.81]) {
      const felt = [-g * Math.sin(0.5), 0, g * Math.cos(0.5)] as const;
      expect(lean(poseOf(poseNumbers(new Map(), "standing", felt)).root)).toBeCloseTo((0.5 * 180) / Math.PI, 5);
    }
  });
});

describe("eventLines", () => {
  const at = (text: string) => Date.parse(text);
  const log = (number: number, message: string, time: number, level = "INFO"): NumberedEvent => ({
    kind: "log",
    number,
    time,
    data: { level, message },
  });
  it("merges alerts and live events, newest first", () => {
    const over = alert(4, { title: "Hot", resolved: true, resolved_at: "2026-11-23T10:05:00Z" });
    const lines = eventLines([over], [log(1, "hello", at("2026-11-23T10:02:00Z"), "ERROR")], t);
    expect(lines.map((line) => [line.kind, line.text, line.severity])).toEqual([
      ["resolved", "Over: Hot", undefined],
      ["log", "hello", "critical"],
      ["alert", "Hot", "warning"],
    ]);
  });
  it("says a thing once, leaves out debug lines, and ends", () => {
    const many = Array.from({ length: 100 }, (_, i) => log(i, `line ${i}`, i));
    expect(eventLines([], many, t)).toHaveLength(30);
    expect(eventLines([], [log(1, "same", 2000), log(2, "same", 1000), log(3, "x", 0, "DEBUG")], t)).toHaveLength(1);
  });
  it("tells each step of a job once, however long it takes", () => {
    const steps = ["active", "active", "active", "completed", "active"].map(
      (status, i): NumberedEvent => ({
        kind: "job",
        number: i,
        time: i * 100_000,
        data: { task_name: "scan", status },
      }),
    );
    const other: NumberedEvent = {
      kind: "job",
      number: 9,
      time: 150_000,
      data: { task_name: "walk", status: "active" },
    };
    const newestFirst = [...steps, other].sort((a, b) => b.time - a.time);
    expect(eventLines([], newestFirst, t).map((line) => [line.time, line.text])).toEqual([
      [400_000, "Job scan: active"],
      [300_000, "Job scan: completed"],
      [150_000, "Job walk: active"],
      [0, "Job scan: active"],
    ]);
  });
  it("names connections, jobs and what the camera saw", () => {
    const events: NumberedEvent[] = [
      { kind: "connection", number: 1, time: 3, data: { connected: false } },
      { kind: "job", number: 2, time: 2, data: { task_name: "scan", status: "active" } },
      { kind: "detections", number: 3, time: 1, data: { detections: [{ label: "cup" }, { label: "cup" }] } },
    ];
    expect(eventLines([], events, t).map((line) => line.text)).toEqual([
      "Connection lost",
      "Job scan: active",
      "Saw cup",
    ]);
  });
});
