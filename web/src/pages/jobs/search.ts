import { type JobTime, jobTimes } from "@/api/jobs";
import type { JobStatus } from "@/api/types";
import { compact, readID, readOneOf, readText } from "@/parts/search";

export const statuses = ["completed", "cancelled", "failed", "active"] as const satisfies readonly JobStatus[];

/** What the URL says about the list of jobs. What is left out is the default. */
export interface JobSearch {
  robot?: string;
  status?: JobStatus;
  task?: string;
  time?: JobTime;
}

export const readJobSearch = (raw: Record<string, unknown>): JobSearch =>
  compact<JobSearch>({
    robot: readText(raw.robot),
    status: readOneOf(statuses, raw.status),
    task: readText(raw.task),
    time: readOneOf(jobTimes, raw.time),
  });

/** What the URL says about the table of items. */
export interface ItemSearch {
  q?: string;
}

export const readItemSearch = (raw: Record<string, unknown>): ItemSearch => compact<ItemSearch>({ q: readText(raw.q) });

/** What the URL says about the list of scans. */
export interface ScanSearch {
  robot?: string;
  job?: number;
  code?: string;
}

export const readScanSearch = (raw: Record<string, unknown>): ScanSearch =>
  compact<ScanSearch>({ robot: readText(raw.robot), job: readID(raw.job), code: readText(raw.code, 200) });

/** Reports whether anything narrows a list. */
export const narrowed = (search: object): boolean => Object.keys(search).length > 0;
