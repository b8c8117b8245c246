import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef } from "react";
import { serverNow } from "@/live/hooks";
import { edges, fixed, type Preset, type RangeSearch, readRange, type Span, spanOf } from "./range";

/** The time that a page looks at, and the ways to change it. It lives in the URL. */
export interface Range {
  span: Span;
  search: RangeSearch;
  preset: (preset: Preset) => void;
  between: (from: number, to: number) => void;
  pause: () => void;
  resume: () => void;
  zoom: (from: number, to: number) => void;
  /** One step back out of a zoom, in the end to the present. */
  back: () => void;
}

type Change = { [K in keyof RangeSearch]: RangeSearch[K] | undefined };

const standing = ({ from, to }: RangeSearch): Change => ({ from, to });

export function useRange(): Range {
  const navigate = useNavigate();
  const raw: Record<string, unknown> = useSearch({ strict: false });
  const { range, from, to } = raw;
  const search = useMemo(() => readRange({ range, from, to }), [range, from, to]);
  const span = useMemo(() => spanOf(search), [search]);
  const before = useRef<RangeSearch[]>([]);
  const change = useCallback(
    (next: Change, replace = true) =>
      void navigate({
        to: ".",
        search: (all: Record<string, unknown>) => ({ ...all, ...next }),
        replace,
        resetScroll: false,
      } as Parameters<typeof navigate>[0]),
    [navigate],
  );
  return useMemo(() => {
    const live = () => {
      before.current = [];
      change({ from: undefined, to: undefined });
    };
    return {
      span,
      search,
      preset: (preset) => {
        before.current = [];
        change({ range: preset, from: undefined, to: undefined });
      },
      between: (a, b) => change(fixed(a, b, serverNow())),
      pause: () => {
        const [a, b] = edges(span, serverNow());
        change(fixed(a, b, b));
      },
      resume: live,
      zoom: (a, b) => {
        before.current.push(search);
        change(fixed(a, b, serverNow()), false);
      },
      back: () => {
        const last = before.current.pop();
        if (last) change(standing(last));
        else if (!span.live) live();
      },
    };
  }, [span, search, change]);
}
