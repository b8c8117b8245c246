import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";

/** How the server reaches a robot by SSH: the pinned host key and its own key, if there are any. */
export function useAccess(robot: string, enabled: boolean) {
  return useQuery({
    queryKey: keys.access(robot),
    queryFn: () => unwrap(api.GET("/api/v1/robots/{robot_id}/ssh", { params: { path: { robot_id: robot } } })),
    enabled,
  });
}

/** A ticket that opens one terminal within half a minute. */
export async function terminalTicket(robot: string): Promise<string> {
  const params = { path: { robot_id: robot } };
  return (await unwrap(api.POST("/api/v1/robots/{robot_id}/terminal", { params }))).ticket;
}

/** Where the terminal's socket is; nothing secret is in it. */
export function terminalURL(robot: string): string {
  const protocol = location.protocol === "https:" ? "wss" : "ws";
  return `${protocol}://${location.host}/api/v1/ssh/connect/${encodeURIComponent(robot)}`;
}
