import { Link } from "@tanstack/react-router";
import { Maximize2 } from "lucide-react";
import { useCamera } from "@/api/camera";
import { useRobot } from "@/api/robots";
import { useT } from "@/i18n/translate";
import { reasonOf, worthAsking } from "./reason";
import { Screen } from "./Screen";
import { useStream } from "./useStream";

/** The picture beside the drive pad; a line when there is none to come. */
export function CameraPreview({ robot }: { robot: string }) {
  const t = useT();
  const { data: summary } = useRobot(robot);
  const { data: camera } = useCamera(robot);
  const online = summary?.online ?? false;
  const [canvas, stream] = useStream(robot, worthAsking(online, camera));
  const reason = reasonOf(online, camera, stream);
  if (camera && (reason?.kind === "none" || reason?.kind === "offline") && stream.takenAt === undefined) return null;
  return (
    <section aria-label={t("camera.title")} className="card relative p-2">
      <Screen
        robot={summary?.name || robot}
        canvas={canvas}
        stream={stream}
        reason={reason}
        detections={false}
        className="mx-auto max-w-[calc(40dvh*4/3)]"
      />
      <Link
        to="/robots/$robot/camera"
        params={{ robot }}
        aria-label={t("camera.open")}
        title={t("camera.open")}
        className="absolute top-4 right-4 grid size-9 place-items-center rounded-lg bg-black/60 text-white hover:bg-black/80"
      >
        <Maximize2 className="size-4" aria-hidden />
      </Link>
    </section>
  );
}
