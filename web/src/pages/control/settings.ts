import type { Key } from "@/i18n/translate";

/** One setting that our agent knows. Empty means: the robot's own default. */
export type Setting =
  | { name: string; kind: "number"; min: number; max: number; whole: boolean; percent?: boolean; label: Key }
  | { name: string; kind: "choice"; choices: readonly (readonly [value: string, label: Key])[]; label: Key }
  | { name: string; kind: "switch"; label: Key };

export const sections: readonly { type: "safety" | "reporting" | "camera"; settings: readonly Setting[] }[] = [
  {
    type: "safety",
    settings: [
      {
        name: "stop_profile",
        kind: "choice",
        choices: [
          ["hold", "config.profile_hold"],
          ["sit", "config.profile_sit"],
          ["limp", "config.profile_limp"],
        ],
        label: "config.stop_profile",
      },
      { name: "max_speed", kind: "number", min: 0.1, max: 1, whole: false, percent: true, label: "config.max_speed" },
      { name: "deadman_ms", kind: "number", min: 100, max: 300, whole: true, label: "config.deadman_ms" },
    ],
  },
  {
    type: "reporting",
    settings: [
      { name: "motion_hz", kind: "number", min: 1, max: 20, whole: false, label: "config.motion_hz" },
      { name: "servo_hz", kind: "number", min: 0.2, max: 10, whole: false, label: "config.servo_hz" },
      { name: "status_seconds", kind: "number", min: 1, max: 60, whole: true, label: "config.status_seconds" },
    ],
  },
  {
    type: "camera",
    settings: [
      { name: "enabled", kind: "switch", label: "config.enabled" },
      { name: "fps", kind: "number", min: 1, max: 30, whole: true, label: "config.fps" },
      { name: "quality", kind: "number", min: 20, max: 95, whole: true, label: "config.quality" },
    ],
  },
];

/** What a form holds: text by "section.name". */
export type Typed = Readonly<Record<string, string>>;

type Settings = Readonly<Record<string, unknown>>;

const object = (value: unknown): Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Settings) : {};

const scale = (setting: Setting): number => (setting.kind === "number" && setting.percent ? 100 : 1);

/** The range that a person types, which for shares is in percent. */
export function typedRange(setting: Setting & { kind: "number" }): { min: number; max: number } {
  return { min: setting.min * scale(setting), max: setting.max * scale(setting) };
}

/** Fills the form from what the robot is set to. */
export function toTyped(settings: unknown): Typed {
  const typed: Record<string, string> = {};
  for (const { type, settings: known } of sections) {
    const values = object(object(settings)[type]);
    for (const setting of known) {
      const value = values[setting.name];
      const text = typeof value === "number" ? +(value * scale(setting)).toFixed(3) : value;
      typed[`${type}.${setting.name}`] = value === undefined || value === null ? "" : String(text);
    }
  }
  return typed;
}

/** Reads the form. What the form does not know stays as it was; what is empty is left to the robot. */
export function readTyped(
  before: unknown,
  typed: Typed,
): { settings: Record<string, unknown>; errors: Record<string, Key> } {
  const settings: Record<string, unknown> = { ...object(before) };
  const errors: Record<string, Key> = {};
  for (const { type, settings: known } of sections) {
    const values: Record<string, unknown> = { ...object(settings[type]) };
    for (const setting of known) {
      const text = (typed[`${type}.${setting.name}`] ?? "").trim();
      delete values[setting.name];
      if (text === "") continue;
      const value = read(setting, text);
      if (value === undefined) errors[`${type}.${setting.name}`] = "param.out_of_range";
      else values[setting.name] = value;
    }
    if (Object.keys(values).length > 0) settings[type] = values;
    else delete settings[type];
  }
  return { settings, errors };
}

function read(setting: Setting, text: string): unknown {
  if (setting.kind === "switch") return text === "true";
  if (setting.kind === "choice") return setting.choices.some(([value]) => value === text) ? text : undefined;
  const value = Number(text.replace(",", ".")) / scale(setting);
  const good = value >= setting.min && value <= setting.max && (!setting.whole || Number.isInteger(value));
  return good ? value : undefined;
}
