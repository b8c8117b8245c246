/** Where somebody wants a robot to go: shares from −1 to 1. Turn and strafe are positive to the left. */
export interface Motion {
  forward: number;
  turn: number;
  strafe: number;
}

export const still: Motion = { forward: 0, turn: 0, strafe: 0 };

export function moves({ forward, turn, strafe }: Motion): boolean {
  return forward !== 0 || turn !== 0 || strafe !== 0;
}

/** Adds what several hands want, within the bounds. */
export function add(motions: Iterable<Motion>): Motion {
  const sum = { ...still };
  for (const { forward, turn, strafe } of motions) {
    sum.forward += forward;
    sum.turn += turn;
    sum.strafe += strafe;
  }
  return { forward: bound(sum.forward), turn: bound(sum.turn), strafe: bound(sum.strafe) };
}

/** Rounds to hundredths, so that a resting stick says 0 and beats are short. */
function bound(value: number): number {
  return Math.round(Math.min(1, Math.max(-1, value)) * 100) / 100 || 0;
}

/** What each key does, by its place on the keyboard and not by what is printed on it. */
const keyMotions: Readonly<Record<string, Partial<Motion>>> = {
  KeyW: { forward: 1 },
  ArrowUp: { forward: 1 },
  KeyS: { forward: -1 },
  ArrowDown: { forward: -1 },
  KeyA: { strafe: 1 },
  KeyD: { strafe: -1 },
  KeyQ: { turn: 1 },
  ArrowLeft: { turn: 1 },
  KeyE: { turn: -1 },
  ArrowRight: { turn: -1 },
};

export const isDriveKey = (code: string): boolean => code in keyMotions;

/** How much of the motion is left while Shift is held. */
const slow = 0.4;

/** What the held keys want. */
export function fromKeys(held: Iterable<string>, shift: boolean): Motion {
  const all = add([...new Set(held)].map((code) => ({ ...still, ...keyMotions[code] })));
  if (!shift) return all;
  return add([{ forward: all.forward * slow, turn: all.turn * slow, strafe: all.strafe * slow }]);
}

/** What a stick wants that is pushed x to the right and y up (−1 to 1); up is forward, aside turns. */
export function fromStick(x: number, y: number): Motion {
  const push = Math.hypot(x, y);
  if (push < dead) return still;
  // The rest of the way counts from 0, so that the robot does not jump off; a square corner is no faster than a side.
  const share = Math.min(1, (push - dead) / (1 - dead)) / push;
  return add([{ forward: y * share, turn: -x * share, strafe: 0 }]);
}

/** Within this way from its middle a stick rests; worn ones never come back to 0. */
const dead = 0.15;

const rest = (value: number | undefined): number => {
  const size = Math.abs(value ?? 0);
  return size < dead ? 0 : (Math.sign(value ?? 0) * Math.min(1, size - dead)) / (1 - dead);
};

/** The buttons of a pad in the standard layout that stop the robot: B (circle) and the one in the middle. */
const stopButtons = [1, 16];

/** What a game pad in the standard layout wants: left stick walks and strafes, right stick turns, B stops. */
export function fromPad(pad: { axes: readonly number[]; buttons: readonly { pressed: boolean }[] }): Motion & {
  stop: boolean;
} {
  const motion = add([{ forward: -rest(pad.axes[1]), strafe: -rest(pad.axes[0]), turn: -rest(pad.axes[2]) }]);
  return { ...motion, stop: stopButtons.some((button) => pad.buttons[button]?.pressed === true) };
}
