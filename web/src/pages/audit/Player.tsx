import "@xterm/xterm/css/xterm.css";
import { Pause, Play, RotateCcw } from "lucide-react";
import { useMemo } from "react";
import { useCast } from "@/api/audit";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { Segments } from "@/parts/Segments";
import { ErrorState, Skeleton } from "@/parts/states";
import { type Cast, clockOf, readCast } from "./cast";
import { type Speed, speeds, usePlayer } from "./usePlayer";

/** A recorded terminal: play, pause, speed, and any moment of it. */
export function Player({ id }: { id: string }) {
  const t = useT();
  const file = useCast(id);
  const cast = useMemo(() => (file.data === undefined ? undefined : readCast(file.data)), [file.data]);
  if (file.isError) return <ErrorState error={file.error} retry={() => void file.refetch()} />;
  if (file.isPending) return <Skeleton className="h-80" />;
  if (!cast) return <Notice tone="warning">{t("recordings.broken")}</Notice>;
  return <Screen cast={cast} />;
}

function Screen({ cast }: { cast: Cast }) {
  const t = useT();
  const { box, at, playing, speed, toggle, seek, setSpeed } = usePlayer(cast);
  const ended = at >= cast.length;
  const Icon = playing ? Pause : ended && cast.length > 0 ? RotateCcw : Play;
  return (
    <div className="grid gap-3">
      <div
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
        tabIndex={0}
        role="img"
        aria-label={t("recordings.screen")}
        className="overflow-auto rounded-lg bg-black p-2"
      >
        <div ref={box} />
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <Button
          look="primary"
          size="icon"
          onClick={toggle}
          aria-label={t(playing ? "recordings.pause" : "recordings.play")}
        >
          <Icon aria-hidden />
        </Button>
        <input
          type="range"
          aria-label={t("recordings.moment")}
          aria-valuetext={clockOf(at)}
          min={0}
          max={Math.max(cast.length, 0.1)}
          step={0.1}
          value={at}
          onChange={(event) => seek(Number(event.target.value))}
          className="min-w-32 flex-1 accent-accent"
        />
        <span className="whitespace-nowrap text-ink-2 text-xs">
          {clockOf(at)} / {clockOf(cast.length)}
        </span>
        <Segments<Speed>
          label={t("recordings.speed")}
          value={speed}
          onChange={setSpeed}
          choices={speeds.map((each) => [each, `${each}×`] as const)}
        />
      </div>
      <p className="text-ink-3 text-xs">{t("recordings.pauses")}</p>
    </div>
  );
}
