import { CloudOff, EyeOff, LoaderCircle, type LucideIcon, VideoOff, WifiOff } from "lucide-react";
import type { RefObject } from "react";
import { errorText } from "@/api/error";
import { duration } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { cn } from "@/parts/cn";
import { Boxes } from "./Boxes";
import type { Reason } from "./reason";
import type { StreamState } from "./stream";

interface Props {
  robot: string;
  canvas: RefObject<HTMLCanvasElement | null>;
  stream: StreamState;
  /** Why there is no picture; undefined when there is one. */
  reason: Reason | undefined;
  detections: boolean;
  className?: string;
}

const signs: Record<Reason["kind"], LucideIcon> = {
  connecting: LoaderCircle,
  none: VideoOff,
  down: CloudOff,
  offline: WifiOff,
  lost: CloudOff,
  hidden: EyeOff,
};

/** The picture, or in its place why there is none. The last picture stays, greyed. */
export function Screen({ robot, canvas, stream, reason, detections, className }: Props) {
  const t = useT();
  const now = useNow();
  const old = stream.takenAt !== undefined && reason !== undefined;
  return (
    <div className={cn("relative grid aspect-4/3 place-items-center overflow-hidden rounded-lg bg-black", className)}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={t("camera.picture", { robot })}
        className={cn("absolute inset-0 size-full object-contain", old && "opacity-35 grayscale")}
      />
      {detections && !reason && <Boxes robot={robot} width={stream.width} height={stream.height} />}
      {reason && <Explain reason={reason} error={stream.error} />}
      {old && (
        <p className="absolute bottom-2 left-2 rounded-md bg-black/70 px-2 py-1 text-white text-xs">
          {t("camera.stale", { age: duration(now - (stream.takenAt ?? now)) })}
        </p>
      )}
    </div>
  );
}

function Explain({ reason, error }: { reason: Reason; error: unknown }) {
  const t = useT();
  const Icon = signs[reason.kind];
  const detail = reason.detail || (reason.kind === "lost" && error ? errorText(error) : "");
  return (
    <div role="status" className="relative grid max-w-sm justify-items-center gap-2 p-4 text-center text-white">
      <Icon
        className={cn("size-8 text-white/70", reason.kind === "connecting" && "motion-safe:animate-spin")}
        aria-hidden
      />
      <p className="font-semibold">{t(`camera.${reason.kind}`)}</p>
      {detail && <p className="text-white/80 text-xs">{detail}</p>}
      {reason.help && <p className="text-white/80 text-xs">{t(reason.help)}</p>}
    </div>
  );
}
