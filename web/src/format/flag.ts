import type { Translate } from "@/i18n/translate";
import { number } from "./number";

/** Writes what is (1) or is not (0); the mean of some moments is a part of the time. */
export function flagText(value: number, t: Translate): string {
  if (value > 0 && value < 1) return t("perf.partly", { percent: number(100 * value) });
  return t(value > 0 ? "perf.yes" : "perf.no");
}
