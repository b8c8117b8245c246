import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { applyJobs } from "@/live/apply";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { Job, JobStatus } from "./types";

export const jobTimes = ["24h", "7d", "30d"] as const;
export type JobTime = (typeof jobTimes)[number];

/** What a list of jobs is narrowed to. */
export interface JobFilter {
  robot?: string | undefined;
  status?: JobStatus | undefined;
  task?: string | undefined;
  time?: JobTime | undefined;
}

const pageSize = 50;

/** The jobs that robots work on, newest first; the live connection keeps them true while a part watches jobs. */
export function useActiveJobs() {
  return useQuery({
    queryKey: keys.activeJobs,
    queryFn: async () => {
      const query = { status: "active", time_range: "all", limit: 500 } as const;
      return applyJobs([], (await unwrap(api.GET("/api/v1/jobs", { params: { query } }))).jobs);
    },
    staleTime: 15_000,
  });
}

/** Jobs, newest first, page by page. */
export function useJobs({ robot, status, task, time }: JobFilter) {
  return useInfiniteQuery({
    queryKey: [...keys.jobList, robot, status, task, time],
    queryFn: ({ pageParam }) => {
      const query = {
        time_range: time ?? "all",
        limit: pageSize,
        ...(robot ? { robot_id: robot } : {}),
        ...(status ? { status } : {}),
        ...(task ? { task } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      } as const;
      return unwrap(api.GET("/api/v1/jobs", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

/** One job. It is asked for again while it is active; the live connection makes that rarely matter. */
export function useJob(id: number) {
  return useQuery({
    queryKey: keys.job(id),
    queryFn: () => unwrap(api.GET("/api/v1/jobs/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data?.status === "active" ? 5000 : false),
  });
}

/** Sums over all jobs, or one robot's; the totals of each robot beside them. */
export function useJobTotals(robot?: string) {
  return useQuery({
    queryKey: [...keys.jobStats, robot],
    queryFn: () =>
      unwrap(api.GET("/api/v1/jobs/stats", { params: { query: { ...(robot ? { robot_id: robot } : {}) } } })),
    staleTime: 5000,
  });
}

function useJobMutation<T, R>(mutationFn: (variables: T) => Promise<R>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: keys.activeJobs });
      void cache.invalidateQueries({ queryKey: keys.jobList });
    },
  });
}

/** Tells a robot to begin a job. */
export const useStartJob = () =>
  useJobMutation(({ robot, task, items }: { robot: string; task: string; items: number }) =>
    unwrap(
      api.POST("/api/v1/robots/{robot_id}/jobs", {
        params: { path: { robot_id: robot } },
        body: { task_name: task, items_total: items },
      }),
    ),
  );

/** Tells a robot to give up its job. */
export const useCancelJob = () =>
  useJobMutation(({ job, reason }: { job: Job; reason: string }) =>
    unwrap(
      api.POST("/api/v1/robots/{robot_id}/jobs/cancel", {
        params: { path: { robot_id: job.robot_id } },
        body: reason ? { reason } : {},
      }),
    ),
  );

/** What a list of scans is narrowed to. */
export interface ScanFilter {
  robot?: string | undefined;
  job?: number | undefined;
  code?: string | undefined;
}

/** Scans, newest first, page by page. */
export function useScans({ robot, job, code }: ScanFilter) {
  return useInfiniteQuery({
    queryKey: [...keys.scans, robot, job, code],
    queryFn: ({ pageParam }) => {
      const query = {
        limit: pageSize,
        ...(robot ? { robot_id: robot } : {}),
        ...(job ? { job_id: job } : {}),
        ...(code ? { code } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      } as const;
      return unwrap(api.GET("/api/v1/scans", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}
