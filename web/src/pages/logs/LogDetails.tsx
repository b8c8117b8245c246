import { X } from "lucide-react";
import type { ReactNode } from "react";
import type { LogEntry } from "@/api/types";
import { exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { CopyText } from "@/parts/CopyText";
import { RobotLink } from "@/parts/RobotLink";
import { LevelBadge } from "./LevelBadge";

/** Everything that is known of a line. */
export function LogDetails({ line, onClose }: { line: LogEntry; onClose: () => void }) {
  const t = useT();
  const details = line.details === undefined ? "" : JSON.stringify(line.details, null, 2);
  return (
    <section
      aria-label={t("logs.details")}
      className="card grid max-h-full content-start gap-4 overflow-y-auto p-4 max-lg:fixed max-lg:inset-x-0 max-lg:bottom-0 max-lg:z-20 max-lg:max-h-[60dvh] max-lg:rounded-b-none max-lg:shadow-float max-md:bottom-[calc(4rem+env(safe-area-inset-bottom))]"
    >
      <div className="flex items-center gap-3">
        <LevelBadge level={line.level} className="[&>span]:not-sr-only" />
        <span className="text-ink-3 text-xs">{exact(parseTime(line.timestamp))}</span>
        <Button look="ghost" size="icon" onClick={onClose} aria-label={t("action.close")} className="-m-2 ml-auto">
          <X aria-hidden />
        </Button>
      </div>
      <p className="whitespace-pre-wrap break-words font-medium">{line.message}</p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
        <Fact name={t("alerts.robot")}>{line.robot_id ? <RobotLink robot={line.robot_id} /> : t("logs.server")}</Fact>
        <Fact name={t("logs.category")}>{line.category}</Fact>
        {line.source && <Fact name={t("logs.source")}>{line.source}</Fact>}
        <Fact name={t("logs.number")}>{line.id}</Fact>
      </dl>
      {details && details !== "{}" && <CopyText text={details} />}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
