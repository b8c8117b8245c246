import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { ApiError } from "./error";
import { keys } from "./keys";

/** What a robot is set to, and whether it obeys. It is asked again until the robot has answered. */
export function useConfig(robot: string) {
  return useQuery({
    queryKey: keys.config(robot),
    queryFn: () => unwrap(api.GET("/api/v1/robots/{robot_id}/config", { params: { path: { robot_id: robot } } })),
    refetchInterval: ({ state }) => (state.data?.drift ? 3000 : false),
  });
}

/** Replaces all settings; a conflict fetches the newest ones. */
export function useSaveConfig(robot: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ settings, version }: { settings: Record<string, unknown>; version: number }) =>
      unwrap(
        api.PUT("/api/v1/robots/{robot_id}/config", {
          params: { path: { robot_id: robot } },
          body: { settings, version },
        }),
      ),
    onSuccess: (config) => cache.setQueryData(keys.config(robot), config),
    onError: (error) => {
      if (error instanceof ApiError && error.status === 409) {
        void cache.invalidateQueries({ queryKey: keys.config(robot) });
      }
    },
  });
}
