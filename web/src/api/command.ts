import { api, unwrap } from "./client";
import type { Command } from "./types";

/** One command and what became of it. */
export const command = (id: string): Promise<Command> =>
  unwrap(api.GET("/api/v1/commands/{command_id}", { params: { path: { command_id: id } } }));
