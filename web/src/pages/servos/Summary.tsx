import { CheckCircle2 } from "lucide-react";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { SeverityBadge } from "@/parts/SeverityBadge";
import { countLevels, type Servo } from "./servos";

/** How many servos are calm, need an eye, or need a hand. */
export function Summary({ servos }: { servos: readonly Servo[] }) {
  const t = useT();
  const counts = countLevels(servos);
  return (
    <dl className="card grid grid-cols-3 divide-x divide-line sm:max-lg:grid-cols-1 sm:max-lg:divide-x-0 sm:max-lg:divide-y">
      {(["calm", "warning", "critical"] as const).map((level) => (
        <div key={level} className="flex flex-col-reverse items-center justify-center gap-1 p-3">
          <dt>
            {counts[level] > 0 || level === "calm" ? (
              <LevelSign level={level} />
            ) : (
              <span className="py-0.5 text-ink-3 text-xs">{t(`severity.${level}`)}</span>
            )}
          </dt>
          <dd className={cn("font-semibold text-2xl", counts[level] === 0 && "text-ink-3")}>{counts[level]}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A level as sign and word. */
export function LevelSign({ level }: { level: Servo["level"] }) {
  const t = useT();
  if (level !== "calm") return <SeverityBadge severity={level} />;
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap py-0.5 text-ink-2 text-xs">
      <CheckCircle2 className="size-3.5 text-ok" aria-hidden />
      {t("servo.level.calm")}
    </span>
  );
}
