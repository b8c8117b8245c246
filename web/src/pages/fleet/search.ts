import type { Summary } from "@/api/types";
import { linkBars, linkQuality } from "@/format/link";
import { parseTime } from "@/format/time";

export const filters = ["all", "online", "offline", "alerts", "stopped"] as const;
export type Filter = (typeof filters)[number];

export const sorts = [
  "attention",
  "name",
  "status",
  "battery",
  "temperature",
  "cpu",
  "link",
  "seen",
  "alerts",
] as const;
export type Sort = (typeof sorts)[number];

/** What the URL says about the fleet view. What is left out is the default. */
export interface FleetSearch {
  q?: string;
  show?: Filter;
  sort?: Sort;
  down?: true;
  view?: "cards" | "list";
}

const oneOf = <T extends string>(known: readonly T[], value: unknown): T | undefined =>
  known.find((each) => each === value);

/** Reads the URL; whatever makes no sense is left out. */
export function readFleetSearch(raw: Record<string, unknown>): FleetSearch {
  const search: FleetSearch = {};
  const q = typeof raw.q === "number" ? String(raw.q) : raw.q;
  if (typeof q === "string" && q !== "") search.q = q.slice(0, 100);
  const show = oneOf(filters, raw.show);
  if (show && show !== "all") search.show = show;
  const sort = oneOf(sorts, raw.sort);
  if (sort && sort !== "attention") search.sort = sort;
  if (raw.down === true) search.down = true;
  const view = oneOf(["cards", "list"] as const, raw.view);
  if (view) search.view = view;
  return search;
}

const fits: Record<Filter, (robot: Summary) => boolean> = {
  all: () => true,
  online: (robot) => robot.online,
  offline: (robot) => !robot.online,
  alerts: (robot) => robot.open_alerts > 0,
  stopped: (robot) => robot.emergency_stopped,
};

/** How many robots each filter shows. */
export function countFilters(fleet: readonly Summary[]): Record<Filter, number> {
  const counts = { all: 0, online: 0, offline: 0, alerts: 0, stopped: 0 };
  for (const robot of fleet) for (const filter of filters) if (fits[filter](robot)) counts[filter]++;
  return counts;
}

const severityRank = { "": 0, info: 1, warning: 2, critical: 3 };

/** Fallen, stopped and alarmed robots before calm ones, online before offline within each. */
function attention(robot: Summary): number {
  let need = severityRank[robot.worst_severity] * 10;
  if (robot.emergency_stopped) need += 25;
  if (robot.posture.startsWith("fallen")) need += 20;
  return need + (robot.online ? 1 : 0);
}

const unknownLast = Number.POSITIVE_INFINITY;

// Smaller comes first: each order begins with what a person looks for.
const ranks: Record<Exclude<Sort, "name">, (robot: Summary) => number> = {
  attention: (robot) => -attention(robot),
  status: (robot) => (robot.emergency_stopped ? 0 : robot.online ? 1 : 2),
  battery: (robot) => robot.battery_percent ?? unknownLast,
  temperature: (robot) => (robot.hottest_joint ? -robot.hottest_joint.value : unknownLast),
  cpu: (robot) => (robot.cpu_percent === undefined ? unknownLast : -robot.cpu_percent),
  link: (robot) => linkBars(linkQuality(robot.wifi_signal, robot.network_rtt)) || unknownLast,
  seen: (robot) => -(parseTime(robot.last_seen) ?? Number.NEGATIVE_INFINITY),
  alerts: (robot) => -robot.open_alerts,
};

const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

/** Picks and orders the robots of a fleet (ordered by ID) that the URL asks for. Robots without the value that is sorted by come last either way. */
export function select(
  fleet: readonly Summary[],
  { q = "", show = "all", sort = "attention", down }: FleetSearch,
): Summary[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const picked = fleet.filter((robot) => {
    if (!fits[show](robot)) return false;
    const text = `${robot.robot_id} ${robot.name} ${robot.location} ${robot.ip_address}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const turn = down ? -1 : 1;
  if (sort === "name") return picked.sort((a, b) => turn * byName(a.name || a.robot_id, b.name || b.robot_id));
  const rank = new Map(picked.map((robot) => [robot, ranks[sort](robot)]));
  return picked.sort((a, b) => {
    const ra = rank.get(a) ?? unknownLast;
    const rb = rank.get(b) ?? unknownLast;
    if (ra === rb) return 0; // the order of the fleet, which is by ID: a thousand names are too many to compare at 10 Hz
    if (ra === unknownLast) return 1;
    return rb === unknownLast ? -1 : turn * (ra - rb);
  });
}
