import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { fetchLogs, type LogFilter, logPage } from "@/api/logs";
import type { LogEntry } from "@/api/types";
import { useConnection, useLogLines, useWatch } from "@/live/hooks";
import { append, emptyTail, firstID, prepend, refresh, type TailState } from "./tail";

type Action =
  | { type: "empty" }
  | { type: "seen" }
  | { type: "live"; lines: readonly LogEntry[]; skipped: number; following: boolean }
  | { type: "newest"; page: readonly LogEntry[] }
  | { type: "older"; page: readonly LogEntry[] };

function reduce(state: TailState, action: Action): TailState {
  switch (action.type) {
    case "empty":
      return emptyTail;
    case "seen":
      return state.unseen === 0 ? state : { ...state, unseen: 0 };
    case "live":
      return append(state, action.lines, action.skipped, action.following);
    case "newest":
      return refresh(state, action.page, logPage);
    case "older":
      return prepend(state, action.page, logPage);
  }
}

export interface Tail extends TailState {
  /** Waiting for the first answer to these filters. */
  pending: boolean;
  loadingOlder: boolean;
  error: unknown;
  older: () => void;
  reload: () => void;
  seen: () => void;
}

/**
 * The log of a filter: the newest lines, what comes live after them (unless the filter ends in the past) and, page by
 * page, what was before.
 */
export function useTail(filter: LogFilter, following: boolean): Tail {
  const [state, act] = useReducer(reduce, emptyTail);
  const [loading, setLoading] = useState<"newest" | "older">();
  const [error, setError] = useState<unknown>();
  const question = JSON.stringify(filter);
  const asked = useRef(question);
  asked.current = question;
  const live = filter.until === undefined;
  const followed = useRef(following);
  followed.current = following;

  useWatch({
    logs: live
      ? {
          robot_id: filter.robot ?? "",
          levels: filter.levels ?? [],
          category: filter.category ?? "",
          search: filter.text ?? "",
        }
      : null,
  });
  const take = useCallback(
    (lines: readonly LogEntry[], skipped: number) =>
      live && act({ type: "live", lines, skipped, following: followed.current }),
    [live],
  );
  useLogLines(take);

  const ask = useCallback(
    async (before?: number) => {
      setLoading(before === undefined ? "newest" : "older");
      try {
        const page = await fetchLogs(JSON.parse(question) as LogFilter, before);
        if (asked.current !== question) return;
        act({ type: before === undefined ? "newest" : "older", page });
        setError(undefined);
      } catch (failure) {
        if (asked.current === question) setError(failure);
      } finally {
        if (asked.current === question) setLoading(undefined);
      }
    },
    [question],
  );
  const reload = useCallback(() => void ask(), [ask]);
  useEffect(() => {
    act({ type: "empty" });
    void ask();
  }, [ask]);

  // What came while there was no connection is asked for.
  const { phase } = useConnection();
  const lost = useRef(false);
  useEffect(() => {
    if (phase === "closed") lost.current = true;
    if (phase !== "open" || !lost.current) return;
    lost.current = false;
    reload();
  }, [phase, reload]);

  const first = firstID(state.lines);
  const older = useCallback(() => void ask(first), [ask, first]);
  return {
    ...state,
    pending: loading === "newest" && state.lines.length === 0,
    loadingOlder: loading === "older",
    error,
    older,
    reload,
    seen: useCallback(() => act({ type: "seen" }), []),
  };
}
