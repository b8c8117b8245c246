import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type AlertSearch, readAlertSearch } from "./search";

export type Change = { [K in keyof AlertSearch]?: AlertSearch[K] | undefined };

/** The filters in the URL and the way to change them. Inside a robot only its own alerts are listed. */
export function useAlertSearch(robot: string | undefined): readonly [AlertSearch, (change: Change) => void] {
  const navigate = useNavigate();
  const raw: Record<string, unknown> = useSearch({ strict: false });
  const search = useMemo(() => readAlertSearch(raw), [raw]);
  const change = useCallback(
    (next: Change) =>
      void navigate({
        to: ".",
        search: (_: Record<string, unknown>) =>
          ({ ...readAlertSearch({ ...search, ...next }) }) as Record<string, unknown>,
        replace: true,
        resetScroll: false,
      } as Parameters<typeof navigate>[0]),
    [navigate, search],
  );
  const own = useMemo(() => (robot === undefined ? search : { ...search, robot }), [search, robot]);
  return [own, change];
}
