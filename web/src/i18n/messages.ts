import { alerts } from "./alerts";
import { charts } from "./charts";
import { fleet } from "./fleet";
import { robot } from "./robot";
import { shell } from "./shell";
import { signIn } from "./sign-in";
import { users } from "./users";
import { words } from "./words";

/** The one message table; its parts are files of this folder, one for each page. */
export const messages = { ...words, ...shell, ...signIn, ...fleet, ...robot, ...charts, ...alerts, ...users };

export type Key = keyof typeof messages;
