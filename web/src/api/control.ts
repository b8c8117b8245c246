import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { applyCommands, applyLeases } from "@/live/apply";
import { serverNow } from "@/live/clock";
import { uuid } from "@/live/uuid";
import { api, unwrap } from "./client";
import { ApiError } from "./error";
import { keys } from "./keys";
import type { Command, Lease } from "./types";

/** Every kind of command with its parameters; it changes only with the server's version. */
export function useCatalogue() {
  return useQuery({
    queryKey: keys.catalogue,
    queryFn: async () => (await unwrap(api.GET("/api/v1/commands/catalogue"))).commands,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What a person asks of a robot. */
export interface Ask {
  type: string;
  parameters?: Record<string, unknown>;
  confirmed?: boolean;
}

/** Sends a command. Its ID is made here: when the network loses the answer it is sent again and counts once. */
export function useSendCommand(robot: string) {
  const cache = useQueryClient();
  const take = (command: Command) =>
    cache.setQueryData<Command[]>(keys.commands, (known) => applyCommands(known ?? [], [command]));
  return useMutation({
    mutationFn: ({ id, type, parameters = {}, confirmed = false, clicked }: Ask & { id: string; clicked: string }) =>
      unwrap(
        api.POST("/api/v1/robots/{robot_id}/command", {
          params: { path: { robot_id: robot } },
          body: { type, parameters, confirmed, command_id: id, clicked_at: clicked },
        }),
      ),
    retry: (count, error) => count < 5 && error instanceof ApiError && error.status === 0,
    retryDelay: (attempt) => 300 * 2 ** attempt,
    onSuccess: take,
    onError: () => cache.invalidateQueries({ queryKey: keys.commandList }),
  });
}

/** Adds what every command of a person has: its name and the moment of the click. */
export const asked = (ask: Ask): Ask & { id: string; clicked: string } => ({
  ...ask,
  id: uuid(),
  clicked: new Date(serverNow()).toISOString(),
});

/** The robot's last commands, newest first: history, and what came live since. */
export function useCommands(robot: string): { commands: Command[]; error: unknown; isPending: boolean } {
  const history = useQuery({
    queryKey: [...keys.commandList, robot],
    queryFn: async () => {
      const params = { path: { robot_id: robot }, query: { limit: 30 } };
      return (await unwrap(api.GET("/api/v1/robots/{robot_id}/commands", { params }))).commands;
    },
    staleTime: 60_000,
  });
  const live = useQuery<Command[]>({ queryKey: keys.commands, queryFn: () => [], enabled: false });
  const mine = (live.data ?? []).filter((command) => command.robot_id === robot);
  return { commands: applyCommands(history.data ?? [], mine), error: history.error, isPending: history.isPending };
}

/** Who has control over a robot; the live connection keeps it true for parts that watch leases. */
export function useLease(robot: string): Lease | undefined {
  const live = useQuery<Lease[]>({ queryKey: keys.leases, queryFn: () => [], enabled: false });
  const first = useQuery({
    queryKey: keys.lease(robot),
    queryFn: () => unwrap(api.GET("/api/v1/robots/{robot_id}/lease", { params: { path: { robot_id: robot } } })),
    staleTime: 15_000,
  });
  if (live.data === undefined) return first.data;
  return live.data.find((lease) => lease.robot_id === robot) ?? { ...nobody, robot_id: robot };
}

const nobody = { holder: "", mine: false, asked_by: "" };

/** Puts the server's answer where the page reads leases. */
function useStoreLease() {
  const cache = useQueryClient();
  return (lease: Lease) => {
    cache.setQueryData<Lease[]>(keys.leases, (known) => known && applyLeases(known, [lease]));
    cache.setQueryData(keys.lease(lease.robot_id), lease);
  };
}

/** Takes control over a robot, keeps it, or breaks somebody else's. */
export function useTakeLease(robot: string) {
  const store = useStoreLease();
  return useMutation({
    mutationFn: (force: boolean) =>
      unwrap(api.POST("/api/v1/robots/{robot_id}/lease", { params: { path: { robot_id: robot } }, body: { force } })),
    onSuccess: store,
  });
}

export function useReleaseLease(robot: string) {
  const store = useStoreLease();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/robots/{robot_id}/lease", { params: { path: { robot_id: robot } } })),
    onSuccess: () => store({ ...nobody, robot_id: robot }),
  });
}

/** Gives control to somebody who asked for it. */
export function useHandOver(robot: string) {
  const store = useStoreLease();
  return useMutation({
    mutationFn: (to: string) =>
      unwrap(
        api.POST("/api/v1/robots/{robot_id}/lease/hand-over", { params: { path: { robot_id: robot } }, body: { to } }),
      ),
    onSuccess: store,
  });
}
