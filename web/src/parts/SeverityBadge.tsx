import { AlertTriangle, Info, OctagonAlert } from "lucide-react";
import type { Severity } from "@/api/types";
import { useT } from "@/i18n/translate";
import { cn } from "./cn";

const signs = {
  info: { Icon: Info, look: "bg-accent-soft text-accent" },
  warning: { Icon: AlertTriangle, look: "bg-warn-soft text-warn" },
  critical: { Icon: OctagonAlert, look: "bg-bad-soft text-bad" },
};

/** A severity as sign, colour and word; with children instead of the word, such as a count. */
export function SeverityBadge({
  severity,
  children,
  className,
}: {
  severity: Severity;
  children?: React.ReactNode;
  className?: string;
}) {
  const t = useT();
  const { Icon, look } = signs[severity];
  const word = t(`severity.${severity}`);
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1 whitespace-nowrap rounded-md px-1.5 py-0.5 font-medium text-xs",
        look,
        className,
      )}
    >
      <Icon className="size-3.5 shrink-0" aria-hidden />
      {children ? <span className="sr-only">{word}: </span> : null}
      {children ?? word}
    </span>
  );
}
