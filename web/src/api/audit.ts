import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { fetchAuthorised, withQuery } from "./download";
import { keys } from "./keys";

/** What the audit log is narrowed to; times are RFC 3339. */
export interface AuditFilter {
  user?: string | undefined;
  action?: string | undefined;
  robot?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

const pageSize = 100;

const question = ({ user, action, robot, since, until }: AuditFilter) => ({
  ...(user ? { user } : {}),
  ...(action ? { action } : {}),
  ...(robot ? { robot_id: robot } : {}),
  ...(since ? { since } : {}),
  ...(until ? { until } : {}),
});

/** Who did what, newest first, page by page. */
export function useAudit(filter: AuditFilter, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: [...keys.audit, filter],
    queryFn: ({ pageParam }) => {
      const query = { ...question(filter), limit: pageSize, ...(pageParam ? { cursor: pageParam } : {}) };
      return unwrap(api.GET("/api/v1/audit", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    enabled,
  });
}

/** Every kind of action that the audit log knows. */
export function useAuditActions(enabled: boolean) {
  return useQuery({
    queryKey: keys.auditActions,
    queryFn: async () => (await unwrap(api.GET("/api/v1/audit/actions"))).actions,
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
}

/** Where the entries of a filter can be had as a file. */
export const auditExport = (format: "csv" | "json", filter: AuditFilter): string =>
  withQuery("/api/v1/audit/export", { format, ...question(filter) });

/** Recorded terminals, newest first. */
export function useRecordings(robot: string | undefined, enabled: boolean) {
  return useQuery({
    queryKey: [...keys.recordings, robot],
    queryFn: async () => {
      const query = robot ? { robot_id: robot } : {};
      return (await unwrap(api.GET("/api/v1/recordings", { params: { query } }))).recordings;
    },
    enabled,
  });
}

/** A recorded terminal as an asciicast v2 file. */
export function useCast(id: string) {
  return useQuery({
    queryKey: [...keys.recordings, "cast", id],
    queryFn: async ({ signal }) =>
      (await fetchAuthorised(`/api/v1/recordings/${encodeURIComponent(id)}`, signal)).text(),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
}

export function useDeleteRecording() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/api/v1/recordings/{id}", { params: { path: { id } } })),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.recordings }),
  });
}
