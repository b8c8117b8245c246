import type { NumberedEvent } from "@/live/feed";

/** Something that the robot saw, in the picture's own pixels. */
export interface Box {
  label: string;
  confidence: number | undefined;
  /** x1, y1, x2, y2 */
  box: readonly [number, number, number, number];
  /** Width of the frame in which the box was measured; 0 when it was not told. */
  frameWidth: number;
  locked: boolean;
}

/** How long a detection counts without being told again, in ms. */
export const shownFor = 1500;

/** The boxes of the newest detections, if they are young enough. Events are newest first. */
export function currentBoxes(events: readonly NumberedEvent[], now: number): Box[] {
  const newest = events.find((event) => event.kind === "detections");
  if (!newest || now - newest.time > shownFor) return [];
  const { data } = newest;
  const list = Array.isArray(data) ? data : Array.isArray(data.detections) ? data.detections : [data];
  return list.flatMap((each: unknown) => readBox(each) ?? []);
}

function readBox(value: unknown): Box | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { label, confidence, bbox, frame_width, is_locked } = value as Record<string, unknown>;
  if (!Array.isArray(bbox) || bbox.length !== 4) return undefined;
  const [x1, y1, x2, y2] = bbox.map(Number);
  if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) return undefined;
  if (![x1, y1, x2, y2].every(Number.isFinite)) return undefined;
  return {
    label: typeof label === "string" ? label : "",
    confidence: typeof confidence === "number" ? confidence : undefined,
    box: [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)],
    frameWidth: typeof frame_width === "number" ? frame_width : 0,
    locked: is_locked === true,
  };
}
