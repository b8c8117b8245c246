import type { Job } from "@/api/types";
import { number } from "@/format/number";
import { duration, parseTime } from "@/format/time";
import type { Translate } from "@/i18n/translate";

/** How long a job lasted, or lasts by now, in ms. */
export function elapsed(job: Job, now: number): number {
  const began = parseTime(job.start_time);
  if (began === undefined) return 0;
  return Math.max(0, (parseTime(job.end_time) ?? now) - began);
}

/** How far a job is, from 0 to 100. */
export const percent = (job: Job): number => Math.min(100, Math.max(0, job.percent_complete));

/** Items that are done, and of how many if that is known. */
export function itemsText(job: Pick<Job, "items_done" | "items_total">, t: Translate): string {
  if (job.items_total > 0) return t("jobs.items_of", { done: number(job.items_done), total: number(job.items_total) });
  return t("jobs.items", { n: job.items_done });
}

/** When a job will be done, in words that count down; late ones say by how much. */
export function etaText(job: Job, now: number, t: Translate): string {
  const eta = parseTime(job.eta);
  if (eta === undefined) return t("jobs.eta_unknown");
  const left = eta - now;
  if (left < -1500) return t("jobs.eta_late", { time: duration(-left) });
  return left < 1500 ? t("jobs.eta_now") : t("jobs.eta", { time: duration(left) });
}
