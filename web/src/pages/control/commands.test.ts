import { describe, expect, it } from "vitest";
import type { CommandSpec, ParamSpec } from "@/api/types";
import { command, summary } from "@/sample";
import { driveBlock } from "./block";
import {
  atHand,
  firstValue,
  gist,
  groupSpecs,
  hops,
  needsWords,
  parameterText,
  readForm,
  sentence,
  wholeTime,
} from "./commands";

const spec = (type: string, group: CommandSpec["group"], original = false): CommandSpec => ({
  type,
  title: type,
  group,
  params: [],
  motion: false,
  confirm: false,
  original,
  timeout_seconds: 5,
});

const param = (name: string, kind: ParamSpec["kind"], change: Partial<ParamSpec> = {}): ParamSpec => ({
  name,
  title: name,
  kind,
  unit: "",
  required: false,
  ...change,
});

describe("groupSpecs", () => {
  const catalogue = [spec("speak", "sound"), spec("wave", "action", true), spec("emergency_stop", "move", true)];
  it("orders groups and leaves stops to their own button", () => {
    expect(groupSpecs(catalogue, false).map(({ group }) => group)).toEqual(["action", "sound"]);
  });
  it("offers the original client only what it knows", () => {
    expect(groupSpecs(catalogue, true).flatMap(({ specs }) => specs.map(({ type }) => type))).toEqual(["wave"]);
  });
});

describe("atHand", () => {
  const name = param("name", "choice", { choices: ["wave", "bow"], required: true });
  it("gives each choice a button when nothing else must be said", () => {
    const action = { ...spec("action", "action"), params: [name, param("steps", "integer")] };
    expect(atHand(action)).toEqual({ param: "name", choices: ["wave", "bow"] });
    expect(atHand({ ...action, params: [name, param("steps", "integer", { required: true })] })).toBeUndefined();
    expect(atHand({ ...action, confirm: true })).toBeUndefined();
    expect(atHand({ ...action, params: [param("text", "text")] })).toBeUndefined();
    expect(atHand(spec("photo", "camera"))).toBeUndefined();
  });
});

describe("gist", () => {
  it("leaves out a reason that nobody gave", () => {
    const said = { type: "emergency_stop", reason: "Emergency stop triggered" };
    expect(gist(command("a", { ...said, message: "Stopped: Emergency stop triggered" }))).toBe("Stopped");
    expect(gist(command("a", { ...said, message: "" }))).toBe("");
    expect(gist(command("a", { message: "", reason: "A child", parameters: {} }))).toBe("A child");
    expect(gist(command("a", { message: "", reason: "", parameters: { steps: 3 } }))).toBe("steps 3");
  });
});

describe("sentence", () => {
  const text = param("text", "text", { required: true, max_length: 200 });
  it("is a command that is one text", () => {
    expect(sentence({ ...spec("speak", "sound"), params: [text] })).toEqual({ name: "text", longest: 200 });
    expect(sentence({ ...spec("speak", "sound"), params: [text, param("loud", "boolean")] })).toBeUndefined();
    expect(sentence({ ...spec("action", "action"), params: [{ ...text, choices: ["wave"] }] })).toBeUndefined();
    expect(sentence(spec("photo", "camera"))).toBeUndefined();
  });
});

describe("needsWords", () => {
  it("lets out at once what has a value for everything and no danger", () => {
    expect(needsWords({ ...spec("buzzer", "sound"), params: [param("repeat", "integer")] })).toBe(false);
    expect(needsWords({ ...spec("turn", "move"), params: [param("angle", "number", { required: true })] })).toBe(true);
    expect(needsWords({ ...spec("reboot", "system"), confirm: true })).toBe(true);
  });
});

describe("readForm", () => {
  const params = [
    param("steps", "integer", { min: 1, max: 20, required: true }),
    param("speed", "number", { min: 0, max: 1, default: 0.5 }),
    param("loud", "boolean"),
    param("text", "text", { required: true }),
    param("side", "choice", { choices: ["left", "right"] }),
  ];
  it("reads what was typed as the server wants it", () => {
    const { values, errors } = readForm(params, { steps: "4", speed: "0,25", loud: "true", text: " Hi " });
    expect([values, errors]).toEqual([{ steps: 4, speed: 0.25, loud: true, text: "Hi", side: "left" }, {}]);
  });
  it("names the fields that are wrong", () => {
    const { errors } = readForm(params, { steps: "2.5", speed: "7", text: "" });
    expect(errors).toEqual({ steps: "param.out_of_range", speed: "param.out_of_range", text: "param.required" });
  });
  it("starts with the server's defaults and leaves empty fields out", () => {
    expect(params.map(firstValue)).toEqual(["1", "0.5", "false", "", "left"]);
    expect(firstValue(param("angle", "number", { min: -180, max: 180, required: true }))).toBe("0");
    expect(readForm([param("speed", "number")], { speed: "" })).toEqual({ values: {}, errors: {} });
  });
});

describe("hops", () => {
  const at = (ms: number) => new Date(Date.parse("2026-11-23T10:00:00Z") + ms).toISOString();
  it("tells each step", () => {
    const done = command("c", {
      status: "done",
      clicked_at: at(0),
      created_at: at(12),
      sent_at: at(14),
      ended_at: at(90),
    });
    expect(hops(done)).toEqual([
      { label: "hop.server", ms: 12 },
      { label: "hop.broker", ms: 2 },
      { label: "hop.robot", ms: 76 },
    ]);
    expect(wholeTime(done)).toBe(90);
    expect(wholeTime({ ...done, latency_ms: 88 })).toBe(88);
  });
  it("leaves out what is not known, and a click of the future", () => {
    const refused = command("c", { status: "refused", clicked_at: at(500), created_at: at(12), ended_at: at(13) });
    expect(hops({ ...refused, sent_at: undefined })).toEqual([]);
    expect(wholeTime(refused)).toBeUndefined();
    expect(wholeTime(command("c", { status: "sent" }))).toBeUndefined();
  });
});

describe("driveBlock", () => {
  const robot = summary("r1");
  const lease = { robot_id: "r1", holder: "vera", mine: false, asked_by: "" };
  it("names the first reason", () => {
    const reason = (...args: Parameters<typeof driveBlock>) => driveBlock(...args)?.[0];
    expect(reason(robot, undefined, true, true)).toBeUndefined();
    expect(reason(robot, { ...lease, mine: true }, true, true)).toBeUndefined();
    expect(reason(robot, undefined, false, true)).toBe("drive.why_role");
    expect(reason(summary("r1", { agent: "" }), undefined, true, true)).toBe("drive.why_original");
    expect(reason(summary("r1", { online: false }), undefined, true, true)).toBe("drive.why_offline");
    expect(reason(summary("r1", { emergency_stopped: true }), undefined, true, true)).toBe("drive.why_stopped");
    expect(reason(robot, undefined, true, false)).toBe("drive.why_connection");
    expect(driveBlock(robot, lease, true, true)).toEqual(["drive.why_held", { name: "vera" }]);
  });
});

describe("parameterText", () => {
  it("is one line", () => {
    expect(parameterText({ direction: "left", steps: 3, list: [1] })).toBe("direction left · steps 3 · list [1]");
  });
});
