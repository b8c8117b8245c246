import { alerts } from "./alerts";
import { camera } from "./camera";
import { charts } from "./charts";
import { control } from "./control";
import { fleet } from "./fleet";
import { jobs } from "./jobs";
import { logs } from "./logs";
import { people } from "./people";
import { robot } from "./robot";
import { robots } from "./robots";
import { shell } from "./shell";
import { signIn } from "./sign-in";
import { stop } from "./stop";
import { terminal } from "./terminal";
import { users } from "./users";
import { words } from "./words";

/** The one message table; its parts are files of this folder, one for each page. */
export const messages = {
  ...words,
  ...shell,
  ...signIn,
  ...fleet,
  ...robot,
  ...charts,
  ...alerts,
  ...users,
  ...jobs,
  ...logs,
  ...people,
  ...robots,
  ...stop,
  ...control,
  ...camera,
  ...terminal,
};

export type Key = keyof typeof messages;
