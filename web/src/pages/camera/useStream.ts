import { type RefObject, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { openStream } from "@/api/camera";
import { CameraStream, type StreamState } from "./stream";

/** Draws a robot's pictures on a canvas for as long as it is wanted and the page is seen. */
export function useStream(robot: string, wanted: boolean): [RefObject<HTMLCanvasElement | null>, StreamState] {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stream = useMemo(() => {
    const draw = (bitmap: ImageBitmap) => {
      const target = canvas.current;
      if (!target) return;
      if (target.width !== bitmap.width || target.height !== bitmap.height) {
        target.width = bitmap.width;
        target.height = bitmap.height;
      }
      target.getContext("2d")?.drawImage(bitmap, 0, 0);
    };
    return new CameraStream((signal) => openStream(robot, signal), draw);
  }, [robot]);
  useEffect(() => {
    const follow = () => (wanted && !document.hidden ? stream.start() : stream.stop());
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      stream.stop();
    };
  }, [stream, wanted]);
  return [canvas, useSyncExternalStore(stream.subscribe, stream.current)];
}
