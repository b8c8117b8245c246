import { eventually, type Program, password } from "./program";

/** The people of a journey and their roles. */
const team = { ada: "admin", olga: "operator", oskar: "operator", vera: "viewer" } as const;

/** Makes accounts for the people of a demo, which lets whoever reaches it do so; each signs in with `password`. */
export async function hire(program: Program, ...names: (keyof typeof team)[]): Promise<void> {
  for (const username of names) {
    await program.api("POST", "/users", {
      username,
      email: `${username}@example.org`,
      password,
      role: team[username],
    });
  }
}

/** What the API says of a robot. */
export interface Robot {
  robot_id: string;
  online: boolean;
  posture: string;
  emergency_stopped: boolean;
}

export interface Command {
  type: string;
  status: "sent" | "done" | "failed" | "expired" | "refused";
  message: string;
  by: string;
}

export const robots = async (program: Program): Promise<Robot[]> =>
  (await program.api<{ robots: Robot[] }>("GET", "/robots")).robots;

export const robot = async (program: Program, id: string): Promise<Robot | undefined> =>
  (await robots(program)).find(({ robot_id }) => robot_id === id);

/** The commands of one type that a robot was sent, newest first. */
export const commands = async (program: Program, id: string, type: string): Promise<Command[]> =>
  (await program.api<{ commands: Command[] }>("GET", `/robots/${id}/commands?type=${type}`)).commands;

/** The newest command of one type, once its outcome is in the history: what is shown live gets there a moment later. */
export const outcome = (program: Program, id: string, type: string): Promise<Command> =>
  eventually(`the ${type} of ${id} has an outcome`, async () => {
    const [newest] = await commands(program, id, type);
    return newest?.status === "sent" ? undefined : newest;
  });
