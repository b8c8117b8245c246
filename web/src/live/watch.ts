/** Which log lines are looked at; empty fields select all. */
export interface LogWatch {
  robot_id: string;
  levels: readonly string[];
  category: string;
  search: string;
}

/** What a part of the page looks at. Robots name metrics, or "*" for everything. */
export interface Watch {
  fleet?: boolean;
  alerts?: boolean;
  pending?: boolean;
  commands?: boolean;
  leases?: boolean;
  jobs?: boolean;
  /** One part at a time looks at logs: the one that came last. */
  logs?: LogWatch | null;
  robots?: Readonly<Record<string, readonly string[]>>;
}

/** The server's limit on robots in one watch. */
export const maxRobots = 200;

/** Merges what all parts look at into the one watch that the server gets. */
export function mergeWatches(watches: Iterable<Watch>): Required<Watch> {
  const union: Required<Watch> & { robots: Record<string, string[]> } = {
    fleet: false,
    alerts: false,
    pending: false,
    commands: false,
    leases: false,
    jobs: false,
    logs: null,
    robots: {},
  };
  const metrics = new Map<string, Set<string>>();
  for (const watch of watches) {
    union.fleet ||= watch.fleet ?? false;
    union.alerts ||= watch.alerts ?? false;
    union.pending ||= watch.pending ?? false;
    union.commands ||= watch.commands ?? false;
    union.leases ||= watch.leases ?? false;
    union.jobs ||= watch.jobs ?? false;
    union.logs = watch.logs ?? union.logs;
    for (const [robot, names] of Object.entries(watch.robots ?? {})) {
      const known = metrics.get(robot) ?? new Set();
      for (const name of names) known.add(name);
      metrics.set(robot, known);
    }
  }
  for (const [robot, names] of [...metrics].slice(0, maxRobots)) {
    union.robots[robot] = names.has("*") ? ["*"] : [...names].sort();
  }
  return union;
}
