import { useMutation, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { ApiError, problemToError } from "./error";
import { keys } from "./keys";

/** How a robot's camera is, asked every two seconds while somebody looks. */
export function useCamera(robot: string) {
  return useQuery({
    queryKey: keys.camera(robot),
    queryFn: () => unwrap(api.GET("/api/v1/robots/{robot_id}/camera", { params: { path: { robot_id: robot } } })),
    refetchInterval: 2000,
  });
}

/** Opens the stream of pictures; the proof of who asks is a header and never in the URL. */
export async function openStream(
  robot: string,
  signal: AbortSignal,
): Promise<{ contentType: string | null; body: ReadableStream<Uint8Array> }> {
  const { data, error, response } = await api.GET("/api/v1/robots/{robot_id}/camera/stream", {
    params: { path: { robot_id: robot } },
    parseAs: "stream",
    signal,
  });
  if (!response.ok) throw problemToError(response.status, error);
  if (!data) throw new ApiError(0, "");
  return { contentType: response.headers.get("Content-Type"), body: data as ReadableStream<Uint8Array> };
}

/** Gets the newest picture as a file. */
export function useSnapshot(robot: string) {
  return useMutation({
    mutationFn: async () =>
      (await unwrap(
        api.GET("/api/v1/robots/{robot_id}/camera/snapshot", {
          params: { path: { robot_id: robot } },
          parseAs: "blob",
        }),
      )) as unknown as Blob,
  });
}
