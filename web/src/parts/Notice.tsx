import { AlertTriangle, CheckCircle2, Info, OctagonAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./cn";

const tones = {
  info: { look: "border-accent/30 bg-accent-soft", ink: "text-accent", Icon: Info },
  ok: { look: "border-ok/30 bg-ok-soft", ink: "text-ok", Icon: CheckCircle2 },
  warning: { look: "border-warn/35 bg-warn-soft", ink: "text-warn", Icon: AlertTriangle },
  critical: { look: "border-bad/35 bg-bad-soft", ink: "text-bad", Icon: OctagonAlert },
};

interface Props {
  tone?: keyof typeof tones;
  children: ReactNode;
  className?: string;
  /** "alert" interrupts a screen reader, "status" waits. */
  role?: "alert" | "status";
}

/** A message in the page: tone by colour and by sign. */
export function Notice({ tone = "info", children, className, role }: Props) {
  const { look, ink, Icon } = tones[tone];
  return (
    <div
      role={role}
      className={cn("flex items-start gap-2.5 rounded-lg border px-3 py-2.5 text-ink text-sm", look, className)}
    >
      <Icon className={cn("mt-0.5 size-4 shrink-0", ink)} aria-hidden />
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  );
}
