import { Circle, CircleSlash, OctagonX } from "lucide-react";
import { useT } from "@/i18n/translate";
import { cn } from "./cn";

export type Status = "online" | "offline" | "stopped";

/** The status of a robot in one word. A stop counts more than silence. */
export function statusOf(robot: { online: boolean; emergency_stopped: boolean }): Status {
  if (robot.emergency_stopped) return "stopped";
  return robot.online ? "online" : "offline";
}

const signs = {
  online: { Icon: Circle, ink: "text-ok fill-current" },
  offline: { Icon: CircleSlash, ink: "text-ink-3" },
  stopped: { Icon: OctagonX, ink: "text-bad" },
};

/** Status as sign and word; each status has its own shape. */
export function StatusDot({ status, className, bare = false }: { status: Status; className?: string; bare?: boolean }) {
  const t = useT();
  const { Icon, ink } = signs[status];
  const word = t(`status.${status}`);
  return (
    <span className={cn("inline-flex items-center gap-1.5 whitespace-nowrap text-ink-2 text-xs", className)}>
      <Icon className={cn(status === "online" ? "size-2.5" : "size-3.5", "shrink-0", ink)} aria-hidden />
      <span className={bare ? "sr-only" : undefined}>{word}</span>
    </span>
  );
}
