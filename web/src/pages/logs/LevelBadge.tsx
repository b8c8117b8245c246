import { AlertTriangle, Bug, Info, OctagonAlert, Siren } from "lucide-react";
import type { LogLevel } from "@/api/logs";
import { cn } from "@/parts/cn";

export const levelSigns = {
  DEBUG: { Icon: Bug, ink: "text-ink-3" },
  INFO: { Icon: Info, ink: "text-accent" },
  WARNING: { Icon: AlertTriangle, ink: "text-warn" },
  ERROR: { Icon: OctagonAlert, ink: "text-bad" },
  CRITICAL: { Icon: Siren, ink: "text-bad" },
};

/** The level of a line as sign, colour and word; the word is left out where there is no room. */
export function LevelBadge({ level, className }: { level: LogLevel; className?: string }) {
  const { Icon, ink } = levelSigns[level];
  return (
    <span className={cn("inline-flex items-center gap-1.5 font-medium text-xs", ink, className)}>
      <Icon className="size-3.5 shrink-0" aria-hidden />
      <span className="max-md:sr-only">{level}</span>
    </span>
  );
}
