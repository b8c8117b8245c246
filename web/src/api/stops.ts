import { useMutation, useQuery } from "@tanstack/react-query";
import type { StopFrame } from "@/live/frames";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { Command } from "./types";

/** Stops one robot, or all when the frame names none. The ID is that of the live connection's frame: both count once. */
export async function stopRobots({ id, robot, reason, clicked }: StopFrame): Promise<Command[]> {
  const body = { command_id: id, clicked_at: new Date(clicked).toISOString(), ...(reason ? { reason } : {}) };
  if (robot === "") return (await unwrap(api.POST("/api/v1/emergency-stop", { body }))).commands;
  const params = { path: { robot_id: robot } };
  return [await unwrap(api.POST("/api/v1/robots/{robot_id}/emergency-stop", { params, body }))];
}

const mostAtOnce = 1000;

/** How commands stand now: those of one request to several robots by one question, others one by one. */
export async function readCommands(commands: readonly Command[]): Promise<Command[]> {
  const batches = new Set(commands.flatMap((command) => command.batch_id || []));
  const answers = await Promise.all([
    ...[...batches].map(async (batch) => {
      const query = { batch, limit: mostAtOnce };
      return (await unwrap(api.GET("/api/v1/commands", { params: { query } }))).commands;
    }),
    ...commands
      .filter((command) => command.batch_id === "")
      .map(async ({ command_id }) => [
        await unwrap(api.GET("/api/v1/commands/{command_id}", { params: { path: { command_id } } })),
      ]),
  ]);
  return answers.flat();
}

/** Lets stopped robots move again and waits a moment for what they say. */
export function useResume() {
  return useMutation({
    mutationFn: async ({ robots, reason }: { robots: string[]; reason: string }) => {
      const body = { confirmed: true, ...(reason ? { reason } : {}) };
      const [first] = robots;
      const query = { wait: 5 };
      if (robots.length === 1 && first !== undefined) {
        const params = { path: { robot_id: first }, query };
        return [await unwrap(api.POST("/api/v1/robots/{robot_id}/resume", { params, body }))];
      }
      return (await unwrap(api.POST("/api/v1/resume", { params: { query }, body: { ...body, robots } }))).commands;
    },
  });
}

/** How fast stops were: of one robot with each stop, newest first. */
export function useStopLatency(robot: string) {
  return useQuery({
    queryKey: [...keys.stopLatency, robot],
    queryFn: async () => {
      const query = { robot_id: robot, time_range: "30d" } as const;
      return (await unwrap(api.GET("/api/v1/stops/latency", { params: { query } }))).robots[0] ?? null;
    },
    staleTime: 60_000,
  });
}
