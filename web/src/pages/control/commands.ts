import type { Command, CommandSpec, ParamSpec } from "@/api/types";
import { parseTime } from "@/format/time";
import { type Key, keyFor, type Translate } from "@/i18n/translate";

/** The order in which groups stand on the page. */
const groupOrder: readonly CommandSpec["group"][] = [
  "move",
  "posture",
  "action",
  "head",
  "sound",
  "light",
  "camera",
  "servo",
  "status",
  "system",
];

/** Not offered as buttons: stops have their own, driving has its pad, jobs have their page. */
const elsewhere = new Set(["emergency_stop", "resume", "drive", "start_job", "stop_job"]);

export interface Group {
  group: CommandSpec["group"];
  specs: CommandSpec[];
}

/** Groups what a robot can do; a robot with the original client gets only what that client knows. */
export function groupSpecs(catalogue: readonly CommandSpec[], original: boolean): Group[] {
  const offered = catalogue.filter((spec) => !elsewhere.has(spec.type) && (spec.original || !original));
  return groupOrder
    .map((group) => ({ group, specs: offered.filter((spec) => spec.group === group) }))
    .filter(({ specs }) => specs.length > 0);
}

/** What a command is called: in the person's language when the page knows the type. */
export function commandTitle(type: string, catalogue: readonly CommandSpec[], t: Translate): string {
  const key = keyFor("command", type);
  return key ? t(key) : (catalogue.find((spec) => spec.type === type)?.title ?? type);
}

export function paramTitle(param: ParamSpec, t: Translate): string {
  const key = keyFor("param", param.name);
  return key ? t(key) : param.title || param.name;
}

export function choiceTitle(choice: string, t: Translate): string {
  const key = keyFor("choice", choice);
  if (key) return t(key);
  const words = choice.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const mostAtHand = 12;

/** The choices of a command that deserve a button each, since nothing else must be said; none for other commands. */
export function atHand(spec: CommandSpec): { param: string; choices: readonly string[] } | undefined {
  const [first, ...rest] = spec.params;
  const choices = first?.choices ?? [];
  if (!first || choices.length === 0 || choices.length > mostAtHand || spec.confirm) return undefined;
  return rest.some((param) => param.required) ? undefined : { param: first.name, choices };
}

/** Reports whether a command cannot go out at the press of a button. */
export const needsWords = (spec: CommandSpec): boolean => spec.confirm || spec.params.some((param) => param.required);

const longestText = 500;

/** The one text that a command is about, and nothing else. */
export function sentence(spec: CommandSpec): { name: string; longest: number } | undefined {
  const [only, ...rest] = spec.params;
  if (only?.kind !== "text" || only.choices?.length || rest.length > 0 || spec.confirm) return undefined;
  return { name: only.name, longest: only.max_length || longestText };
}

/** What the server and robots write when nobody gave a reason for a stop: no news to anybody. */
const noReason = "Emergency stop triggered";

/** The reason that a person gave for a stop; "" for none. */
export const reasonGiven = (reason: string | undefined): string => (!reason || reason === noReason ? "" : reason);

/** What is worth saying of a command in one line: its outcome, or why, or with what. */
export function gist(command: Command): string {
  const message = command.message.replace(`: ${noReason}`, "");
  return message || reasonGiven(command.reason) || parameterText(command.parameters);
}

/** The parameters of a command in one line. */
export function parameterText(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(" · ");
}

/** What a form holds for a parameter before anybody typed. */
export function firstValue(param: ParamSpec): string {
  if (param.default !== undefined && param.default !== null) return String(param.default);
  if (param.kind === "choice") return param.choices?.[0] ?? "";
  if (param.kind === "boolean") return "false";
  if (param.kind === "color") return "#ffffff";
  if (param.kind === "text") return "";
  return param.required ? String(Math.min(Math.max(0, param.min ?? 0), param.max ?? Number.MAX_VALUE)) : "";
}

/** Reads a form: what was typed, as the server wants it. Empty fields that are not required are left out. */
export function readForm(
  params: readonly ParamSpec[],
  typed: Readonly<Record<string, string>>,
): { values: Record<string, unknown>; errors: Record<string, Key> } {
  const values: Record<string, unknown> = {};
  const errors: Record<string, Key> = {};
  for (const param of params) {
    const text = (typed[param.name] ?? firstValue(param)).trim();
    if (text === "") {
      if (param.required) errors[param.name] = "param.required";
      continue;
    }
    const value = readParam(param, text);
    if (value === undefined) errors[param.name] = "param.out_of_range";
    else values[param.name] = value;
  }
  return { values, errors };
}

function readParam(param: ParamSpec, text: string): unknown {
  if (param.kind === "boolean") return text === "true";
  if (param.kind !== "number" && param.kind !== "integer") return text;
  const value = Number(text.replace(",", "."));
  if (!Number.isFinite(value) || (param.kind === "integer" && !Number.isInteger(value))) return undefined;
  const inside = value >= (param.min ?? value) && value <= (param.max ?? value);
  return inside ? value : undefined;
}

/** One step on a command's way and how long it took, in ms. */
export interface Hop {
  label: Key;
  ms: number;
}

/** The steps of a command as far as known. The first is left out when clocks differ so much that it would be nonsense. */
export function hops(command: Command): Hop[] {
  const [clicked, created, sent, ended] = [
    command.clicked_at,
    command.created_at,
    command.sent_at,
    command.ended_at,
  ].map(parseTime);
  const steps: Hop[] = [];
  const step = (label: Key, from: number | undefined, to: number | undefined) => {
    if (from !== undefined && to !== undefined && to >= from) steps.push({ label, ms: to - from });
  };
  step("hop.server", clicked, created);
  step("hop.broker", created, sent);
  if (command.status === "done" || command.status === "failed") step("hop.robot", sent, ended);
  return steps;
}

/** From click (or request) to outcome in ms; undefined while there is none. */
export function wholeTime(command: Command): number | undefined {
  if (command.latency_ms !== undefined) return command.latency_ms;
  const ended = parseTime(command.ended_at);
  const began = parseTime(command.clicked_at) ?? parseTime(command.created_at);
  if (ended === undefined || began === undefined || ended < began) return undefined;
  return ended - began;
}
