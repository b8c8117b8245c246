import { afterEach, describe, expect, it } from "vitest";
import { translate } from "@/i18n/translate";
import { joints } from "@/parts/body/joints";
import { setPreferences } from "@/preferences";
import { jointName } from "./joint";
import { linkQuality } from "./link";
import { bytes, number, withUnit } from "./number";
import { heat, heatColor } from "./temperature";
import { age, duration, parseTime } from "./time";

const en = (key: Parameters<typeof translate>[1], params?: Parameters<typeof translate>[2]) =>
  translate("en", key, params);
const de = (key: Parameters<typeof translate>[1], params?: Parameters<typeof translate>[2]) =>
  translate("de", key, params);

afterEach(() => setPreferences({ language: "en" }));

describe("number", () => {
  it.each([
    [1234.5, 1, "1,234.5"],
    [0, 0, "0"],
    [-0.04, 1, "0.0"],
    [-3.25, 1, "−3.3"],
    [undefined, 0, "–"],
    [null, 2, "–"],
    [Number.NaN, 2, "–"],
  ])("writes %s with %i decimals as %s", (value, decimals, text) => {
    expect(number(value, decimals)).toBe(text);
  });
  it("writes German in German", () => {
    setPreferences({ language: "de" });
    expect(withUnit(11.456, "V")).toBe("11,46\u202fV");
  });
  it("writes units", () => {
    expect(withUnit(72, "%")).toBe("72%");
    expect(withUnit(-12.34, "°")).toBe("−12.3°");
    expect(withUnit(undefined, "V")).toBe("–");
    expect(bytes(999)).toBe("999\u202fB");
    expect(bytes(1_234_567)).toBe("1.2\u202fMB");
  });
});

describe("time", () => {
  it.each([
    [0, "0\u202fs"],
    [59_400, "59\u202fs"],
    [60_000, "1\u202fmin"],
    [59 * 60_000, "59\u202fmin"],
    [(3 * 60 + 12) * 60_000, "3\u202fh 12\u202fmin"],
    [(2 * 24 + 4) * 3_600_000, "2\u202fd 4\u202fh"],
    [24 * 3_600_000, "1\u202fd"],
    [-5, "0\u202fs"],
  ])("writes %i ms as %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
  it("writes ages", () => {
    expect(age(undefined, 0, en)).toBe("never");
    expect(age(1000, 1200, en)).toBe("now");
    expect(age(0, 90_000, en)).toBe("2\u202fmin ago");
    expect(age(0, 90_000, de)).toBe("vor 2\u202fmin");
  });
  it("takes Go's zero time for none", () => {
    expect(parseTime("0001-01-01T00:00:00Z")).toBeUndefined();
    expect(parseTime("")).toBeUndefined();
    expect(parseTime("yesterday")).toBeUndefined();
    expect(parseTime("2026-11-23T10:00:00Z")).toBe(Date.UTC(2026, 10, 23, 10));
  });
});

describe("link", () => {
  it.each([
    [-50, 10, "excellent"],
    [-60, 10, "good"],
    [-50, 200, "fair"],
    [-80, 10, "poor"],
    [undefined, 80, "good"],
    [-70, undefined, "fair"],
    [undefined, undefined, "unknown"],
  ] as const)("judges %s dBm and %s ms as %s", (signal, trip, quality) => {
    expect(linkQuality(signal, trip)).toBe(quality);
  });
});

describe("temperature", () => {
  it("has the borders of the default rule, inclusive", () => {
    expect([44.9, 45, 50, 69.9, 70].map(heat)).toEqual(["calm", "warm", "hot", "hot", "critical"]);
  });
  it("gives a colour for any temperature, darker when hot", () => {
    const light = (celsius: number) => Number(/oklch\(([\d.]+)/.exec(heatColor(celsius))?.[1]);
    for (const celsius of [-40, 25, 60, 85, 200]) expect(light(celsius)).toBeGreaterThan(0.3);
    expect(light(85)).toBeLessThan(light(30));
    expect(heatColor(200)).toBe(heatColor(85));
  });
});

describe("joints", () => {
  it("have a name of their own each, in both languages", () => {
    for (const t of [en, de]) expect(new Set(joints.map((joint) => jointName(joint, t))).size).toBe(18);
    expect(jointName("knee_left", en)).toBe("Left knee");
    expect(jointName("knee_left", de)).toBe("Knie links");
  });
});

describe("messages", () => {
  it("choose their number", () => {
    expect(en("fleet.count", { n: 1 })).toBe("one robot");
    expect(en("fleet.count", { n: 0 })).toBe("0 robots");
    expect(de("fleet.count", { n: 12 })).toBe("12 Roboter");
  });
});
