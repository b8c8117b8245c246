import { CheckCircle2, CircleDashed } from "lucide-react";
import { useConfig } from "@/api/config";
import type { Summary } from "@/api/types";
import { age, exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { ErrorState, Skeleton } from "@/parts/states";
import { ConfigForm } from "./ConfigForm";

/** What the robot is set to, whether it obeys, and the form to change it. */
export function ConfigPanel({ robot }: { robot: Summary }) {
  const t = useT();
  const now = useNow();
  const config = useConfig(robot.robot_id);
  const data = config.data;
  const time = parseTime(data?.updated_at);
  return (
    <section aria-labelledby="config" className="card grid content-start gap-4 p-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="config" className="font-semibold">
          {t("config.title")}
        </h2>
        {data && data.version > 0 && (
          <p className="text-ink-3 text-xs" title={exact(time)}>
            {t("config.version", { version: data.version })}
            {data.updated_by && `, ${t("config.by", { name: data.updated_by, age: age(time, now, t) })}`}
          </p>
        )}
      </div>
      {config.isPending && <Skeleton className="h-40" />}
      {config.isError && !data && <ErrorState error={config.error} retry={() => void config.refetch()} />}
      {data && (
        <>
          <Obeyed
            version={data.version}
            applied={data.applied_version}
            drift={data.drift}
            message={data.message}
            original={robot.agent === ""}
          />
          <ConfigForm key={data.version} robot={robot.robot_id} config={data} />
        </>
      )}
    </section>
  );
}

interface ObeyedProps {
  version: number;
  applied: number;
  drift: boolean;
  message: string;
  original: boolean;
}

function Obeyed({ version, applied, drift, message, original }: ObeyedProps) {
  const t = useT();
  if (original) return <p className="text-ink-3 text-xs">{t("config.original")}</p>;
  if (version === 0) return <p className="text-ink-3 text-xs">{t("config.never")}</p>;
  return (
    <p role="status" className="flex items-center gap-2 text-xs">
      {drift ? (
        <CircleDashed className="size-4 shrink-0 text-warn" aria-hidden />
      ) : (
        <CheckCircle2 className="size-4 shrink-0 text-ok" aria-hidden />
      )}
      <span>{drift ? t("config.drift", { version, applied }) : t("config.applied")}</span>
      {message && <span className="truncate text-ink-3">{message}</span>}
    </p>
  );
}
