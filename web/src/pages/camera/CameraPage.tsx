import { useParams } from "@tanstack/react-router";
import { Camera, Expand, ScanSearch, Users } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { useCamera, useSnapshot } from "@/api/camera";
import { errorText } from "@/api/error";
import { useRobot } from "@/api/robots";
import { useMay } from "@/api/role";
import { noValue, number, withUnit } from "@/format/number";
import { useT } from "@/i18n/translate";
import { serverNow, useNow, useWatch } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { EmptyState, ErrorState } from "@/parts/states";
import { StopBlock } from "@/shell/StopControl";
import { reasonOf, worthAsking } from "./reason";
import { Screen } from "./Screen";
import { save } from "./save";
import type { StreamState } from "./stream";
import { useStream } from "./useStream";

/** What the robot sees, through the server: however many watch, the robot sends once. */
export function CameraPage() {
  const t = useT();
  const { robot: id } = useParams({ from: "/shell/robots/$robot" });
  const sees = useMay("see_camera");
  const { data: robot } = useRobot(id);
  const camera = useCamera(id);
  const [detections, setDetections] = useState(true);
  const frame = useRef<HTMLDivElement>(null);
  const snapshot = useSnapshot(id);
  useWatch({ robots: { [id]: [] } });
  const online = robot?.online ?? false;
  const [canvas, stream] = useStream(id, sees && worthAsking(online, camera.data));
  if (!sees) return <EmptyState icon={<Camera aria-hidden />} title={t("state.forbidden")} />;
  if (camera.isError && !camera.data) {
    return <ErrorState error={camera.error} retry={() => void camera.refetch()} />;
  }
  if (!robot) return null;
  const reason = reasonOf(online, camera.data, stream);
  const shoot = () => snapshot.mutate(undefined, { onSuccess: (picture) => save(picture, id, serverNow()) });
  return (
    <section
      aria-label={t("camera.title")}
      className="card mx-auto grid w-full max-w-[max(46rem,calc(70dvh*4/3+1.5rem))] gap-3 p-3"
    >
      {snapshot.isError && (
        <Notice tone="critical" role="alert">
          {errorText(snapshot.error)}
        </Notice>
      )}
      <div ref={frame} className="group">
        <Screen
          robot={robot.name || id}
          canvas={canvas}
          stream={stream}
          reason={reason}
          detections={detections}
          className="max-h-[70dvh] w-full group-[:fullscreen]:size-full group-[:fullscreen]:max-h-none group-[:fullscreen]:rounded-none"
        />
        {/* A screen full of picture has no frame of the page around it. */}
        <div className="absolute right-6 bottom-6 hidden group-[:fullscreen]:block">
          <StopBlock className="rounded-xl" />
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3 px-1">
        <Facts stream={stream} live={!reason} viewers={camera.data?.viewers ?? 0} />
        <div className="ml-auto flex flex-wrap gap-2">
          <Button
            aria-pressed={detections}
            onClick={() => setDetections(!detections)}
            className="aria-pressed:border-accent/50 aria-pressed:bg-accent-soft aria-pressed:text-accent"
          >
            <ScanSearch aria-hidden />
            {t("camera.detections")}
          </Button>
          <Button onClick={shoot} disabled={reason !== undefined} busy={snapshot.isPending}>
            <Camera aria-hidden />
            {t("camera.snapshot")}
          </Button>
          <Button
            size="icon"
            aria-label={t("camera.full")}
            title={t("camera.full")}
            onClick={() => void frame.current?.requestFullscreen?.()}
          >
            <Expand aria-hidden />
          </Button>
        </div>
      </div>
    </section>
  );
}

function Facts({ stream, live, viewers }: { stream: StreamState; live: boolean; viewers: number }) {
  const t = useT();
  const now = useNow();
  const age = stream.takenAt === undefined ? undefined : Math.max(0, now - stream.takenAt);
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-2">
      <Fact name={t("camera.fps")}>{live ? number(stream.fps, 1) : noValue}</Fact>
      <Fact name={t("camera.age")}>{live ? withUnit(age, "ms") : noValue}</Fact>
      <Fact name={t("camera.size")}>{stream.width > 0 ? `${stream.width} × ${stream.height}` : noValue}</Fact>
      <div title={t("camera.viewers_help")}>
        <dt className="sr-only">{t("camera.viewers", { n: viewers })}</dt>
        <dd className="flex items-center gap-1.5 sm:mt-4">
          <Users className="size-4 text-ink-3" aria-hidden />
          {t("camera.viewers", { n: viewers })}
        </dd>
      </div>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-20">
      <dt className="text-ink-3 text-xs">{name}</dt>
      <dd className="font-medium">{children}</dd>
    </div>
  );
}
