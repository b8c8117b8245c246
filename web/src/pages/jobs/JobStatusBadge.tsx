import { CheckCircle2, CircleDashed, CircleSlash, CircleX } from "lucide-react";
import type { JobStatus } from "@/api/types";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";

const signs = {
  active: { Icon: CircleDashed, look: "bg-accent-soft text-accent" },
  completed: { Icon: CheckCircle2, look: "bg-ok-soft text-ok" },
  cancelled: { Icon: CircleSlash, look: "bg-sunken text-ink-2" },
  failed: { Icon: CircleX, look: "bg-bad-soft text-bad" },
};

/** How a job stands, as sign, colour and word. */
export function JobStatusBadge({ status, className }: { status: JobStatus; className?: string }) {
  const t = useT();
  const { Icon, look } = signs[status];
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1 whitespace-nowrap rounded-md px-1.5 py-0.5 font-medium text-xs",
        look,
        className,
      )}
    >
      <Icon className="size-3.5 shrink-0" aria-hidden />
      {t(`jobs.status.${status}`)}
    </span>
  );
}
