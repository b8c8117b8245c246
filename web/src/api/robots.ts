import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { applyFleet, sortFleet } from "@/live/apply";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";
import type { Summary } from "./types";

/** The adopted robots, ordered by ID. The live connection keeps the answer true while a part watches the fleet. */
export function useFleet() {
  return useQuery({
    queryKey: keys.fleet,
    queryFn: async () => sortFleet((await unwrap(api.GET("/api/v1/robots"))).robots),
    staleTime: 15_000,
  });
}

/** One robot's present state, kept true by the live connection while the robot is watched. */
export function useRobot(robot: string) {
  return useQuery({
    queryKey: keys.robot(robot),
    queryFn: () => unwrap(api.GET("/api/v1/robots/{robot_id}", { params: { path: { robot_id: robot } } })),
    staleTime: 15_000,
  });
}

/** Robots that ask to join. */
export function usePending(enabled: boolean) {
  return useQuery({
    queryKey: keys.pending,
    queryFn: async () => (await unwrap(api.GET("/api/v1/robots/pending"))).robots,
    enabled,
    refetchInterval: 5000,
  });
}

/** Changes what the cache says of one robot, in the list and by itself. */
function useStoreRobot() {
  const cache = useQueryClient();
  return (robot: Summary) => {
    cache.setQueryData<Summary[]>(keys.fleet, (fleet) => applyFleet(fleet ?? [], [robot], []));
    cache.setQueryData(keys.robot(robot.robot_id), robot);
  };
}

export function useAdopt() {
  const cache = useQueryClient();
  const store = useStoreRobot();
  return useMutation({
    mutationFn: (robot: string) =>
      unwrap(api.POST("/api/v1/robots/{robot_id}/adopt", { params: { path: { robot_id: robot } } })),
    onSuccess: store,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.pending }),
  });
}

export function useReject() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (robot: string) =>
      unwrap(api.POST("/api/v1/robots/{robot_id}/reject", { params: { path: { robot_id: robot } } })),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.pending }),
  });
}

export function useUpdateRobot(robot: string) {
  const store = useStoreRobot();
  return useMutation({
    mutationFn: (body: components["schemas"]["RobotChange"]) =>
      unwrap(api.PUT("/api/v1/robots/{robot_id}", { params: { path: { robot_id: robot } }, body })),
    onSuccess: store,
  });
}

export function useDeleteRobot() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (robot: string) =>
      unwrap(api.DELETE("/api/v1/robots/{robot_id}", { params: { path: { robot_id: robot } } })),
    onSuccess: (_, robot) => {
      cache.setQueryData<Summary[]>(keys.fleet, (fleet) => applyFleet(fleet ?? [], [], [robot]));
      cache.removeQueries({ queryKey: keys.robot(robot) });
    },
  });
}

export function useCreateJoinToken() {
  return useMutation({
    mutationFn: (body: components["schemas"]["NewJoinToken"]) => unwrap(api.POST("/api/v1/join-tokens", { body })),
  });
}
