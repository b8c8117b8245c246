import { type RangeSearch, readRange } from "@/parts/chart/range";

export const sorts = ["joint", "position", "temperature", "voltage", "errors", "level"] as const;
export type Sort = (typeof sorts)[number];

/** Joints whose history is shown at once: as many as there are lines that can be told apart. */
export const mostChosen = 6;

/** What the URL says about the servos. `joints` are servos with commas between; without it the hottest are chosen. */
export interface ServoSearch extends RangeSearch {
  sort?: Exclude<Sort, "joint">;
  down?: true;
  joints?: string;
}

/** Reads the URL; whatever makes no sense is left out. */
export function readServoSearch(raw: Record<string, unknown>): ServoSearch {
  const search: ServoSearch = readRange(raw);
  const sort = sorts.find((each) => each === raw.sort);
  if (sort && sort !== "joint") search.sort = sort;
  if (raw.down === true) search.down = true;
  if (typeof raw.joints === "string") search.joints = splitJoints(raw.joints).join(",");
  return search;
}

export function splitJoints(text: string): string[] {
  const all = text.split(",").filter((source) => /^[\w.-]{1,50}$/.test(source));
  return [...new Set(all)].slice(0, mostChosen);
}
