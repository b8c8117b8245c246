import { createContext, useCallback, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import type { Connection, Feed, Logged, NumberedEvent } from "./feed";
import type { Reading, Step } from "./readings";
import type { Watch } from "./watch";

export { serverNow, useNow } from "./clock";

export const FeedContext = createContext<Feed | undefined>(undefined);

export function useFeed(): Feed {
  const feed = useContext(FeedContext);
  if (!feed) throw new Error("there is no Feed around this part");
  return feed;
}

/** Says what this part looks at for as long as it is shown. Parts need not know of each other: the union is watched. */
export function useWatch(watch: Watch): void {
  const feed = useFeed();
  const text = JSON.stringify(watch); // compares by content, so callers need no useMemo
  useEffect(() => feed.watch(JSON.parse(text) as Watch), [feed, text]);
}

export function useConnection(): Connection {
  const feed = useFeed();
  return useSyncExternalStore(feed.subscribe, feed.current);
}

/** The newest value of one series; undefined when there is none. */
export function useReading(robot: string, metric: string, source = ""): Reading | undefined {
  const { readings } = useFeed();
  const subscribe = useCallback(
    (listener: () => void) => readings.subscribe(listener, robot, metric, source),
    [readings, robot, metric, source],
  );
  return useSyncExternalStore(subscribe, () => readings.newest(robot, metric, source));
}

/** The newest values of all sources of a metric, or of every series of the robot. */
export function useReadings(robot: string, metric?: string): readonly Reading[] {
  const { readings } = useFeed();
  const subscribe = useCallback(
    (listener: () => void) => readings.subscribe(listener, robot, metric),
    [readings, robot, metric],
  );
  return useSyncExternalStore(subscribe, () => readings.list(robot, metric));
}

/** Reports whether anything is known of a robot's values. */
export function useHasReadings(robot: string): boolean {
  const { readings } = useFeed();
  const subscribe = useCallback((listener: () => void) => readings.subscribe(listener, robot), [readings, robot]);
  return useSyncExternalStore(subscribe, () => readings.list(robot).length > 0);
}

/** Values of one metric by source. */
export function useValues(robot: string, metric: string): ReadonlyMap<string, Reading> {
  const list = useReadings(robot, metric);
  return useMemo(() => new Map(list.map((reading) => [reading.source, reading])), [list]);
}

/** The last ten minutes of one series in steps of five seconds, as far as known. */
export function useTrail(robot: string, metric: string, source = ""): readonly Step[] {
  const { readings } = useFeed();
  const subscribe = useCallback(
    (listener: () => void) => readings.subscribe(listener, robot, metric, source),
    [readings, robot, metric, source],
  );
  return useSyncExternalStore(subscribe, () => readings.trail(robot, metric, source));
}

/** The last events of a robot since the page was opened, newest first. */
export function useEvents(robot: string): readonly NumberedEvent[] {
  const feed = useFeed();
  return useSyncExternalStore(feed.subscribe, () => feed.eventsOf(robot));
}

/** Calls back with the log lines that this part watches, for as long as it is shown. */
export function useLogLines(logged: Logged): void {
  const feed = useFeed();
  useEffect(() => feed.onLogs(logged), [feed, logged]);
}
