import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

export type Change<S> = { [K in keyof S]?: S[K] | undefined };

/** The filters that the URL holds, and the way to change them; `read` is the reader of the route. */
export function useSearchState<S extends object>(
  read: (raw: Record<string, unknown>) => S,
): readonly [S, (change: Change<S>) => void] {
  const navigate = useNavigate();
  const raw: Record<string, unknown> = useSearch({ strict: false });
  const search = useMemo(() => read(raw), [read, raw]);
  const change = useCallback(
    (next: Change<S>) =>
      void navigate({
        to: ".",
        search: (_: Record<string, unknown>) =>
          read({ ...search, ...next } as Record<string, unknown>) as Record<string, unknown>,
        replace: true,
        resetScroll: false,
      } as Parameters<typeof navigate>[0]),
    [navigate, read, search],
  );
  return [search, change];
}
