import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, CheckCheck } from "lucide-react";
import { useEffect, useLayoutEffect, useRef } from "react";
import type { LogEntry } from "@/api/types";
import { number } from "@/format/number";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { LogLine, lineHeight, SkippedLines } from "./LogLine";
import { isGap } from "./tail";
import type { Tail } from "./useTail";

// Closer to the end than this is at the end; closer to the beginning than that asks for more.
const nearEnd = 8;
const nearBegin = 400;

interface Props {
  tail: Tail;
  following: boolean;
  onFollow: (following: boolean) => void;
  ofRobot: boolean;
  opened: LogEntry | undefined;
  onOpen: (line: LogEntry | undefined) => void;
}

/**
 * The lines of a log in a box of its own: the newest at the end, older ones come when somebody scrolls up. Only the
 * lines in sight exist; all are of one height, so that nothing jumps when lines come or go at either end.
 */
export function LogBox({ tail, following, onFollow, ofRobot, opened, onOpen }: Props) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const height = lineHeight();
  const rows = useVirtualizer({
    count: tail.lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 12,
    paddingStart: 32,
    paddingEnd: 8,
    getItemKey: (index) => tail.lines[index]?.id ?? index,
  });

  // What is in sight stays where it is when lines are put before it or taken from the beginning.
  const shift = useRef(tail.shift);
  useLayoutEffect(() => {
    const moved = tail.shift - shift.current;
    shift.current = tail.shift;
    if (box.current && moved !== 0 && !following) box.current.scrollTop += moved * height;
  }, [tail.shift, following, height]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: every change of the lines moves the end
  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [tail.lines, following]);

  const { seen } = tail;
  useEffect(() => {
    if (following) seen();
  }, [following, seen]);

  const scrolled = () => {
    const el = box.current;
    if (!el) return;
    const rest = el.scrollHeight - el.scrollTop - el.clientHeight;
    if (rest < nearEnd && !following) onFollow(true);
    if (rest > height && following && el.scrollHeight > el.clientHeight) onFollow(false);
    if (el.scrollTop < nearBegin && !tail.complete && !tail.loadingOlder && tail.error === undefined) tail.older();
  };

  return (
    <div className="relative min-h-0">
      <div
        ref={box}
        role="log"
        aria-live="off"
        aria-label={t("logs.title")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
        tabIndex={0}
        onScroll={scrolled}
        className="h-full overflow-y-auto overflow-x-hidden overscroll-contain rounded-b-xl [overflow-anchor:none]"
      >
        <div className="relative w-full" style={{ height: rows.getTotalSize() }}>
          <p className="absolute inset-x-0 top-0 flex h-8 items-center justify-center gap-1.5 text-ink-3 text-xs">
            {tail.complete && tail.lines.length > 0 && <CheckCheck className="size-3.5" aria-hidden />}
            {tail.lines.length > 0 && t(tail.complete ? "logs.beginning" : "logs.older")}
          </p>
          {rows.getVirtualItems().map(({ index, start }) => {
            const line = tail.lines[index];
            if (!line) return null;
            return isGap(line) ? (
              <SkippedLines key={line.id} gap={line} top={start} onLoad={tail.reload} />
            ) : (
              <LogLine
                key={line.id}
                line={line}
                top={start}
                ofRobot={ofRobot}
                open={opened?.id === line.id}
                onOpen={onOpen}
              />
            );
          })}
        </div>
      </div>
      {!following && tail.unseen > 0 && (
        <Button
          look="primary"
          size="small"
          onClick={() => onFollow(true)}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow-float"
        >
          <ArrowDown aria-hidden />
          {t("logs.new", { n: tail.unseen, count: number(tail.unseen) })}
        </Button>
      )}
    </div>
  );
}
