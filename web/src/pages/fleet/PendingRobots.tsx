import { HandHelping } from "lucide-react";
import { errorText } from "@/api/error";
import { useAdopt, usePending, useReject } from "@/api/robots";
import { useMay } from "@/api/role";
import type { PendingRobot } from "@/api/types";
import { number } from "@/format/number";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useWatch } from "@/live/hooks";
import { Age } from "@/parts/Age";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { Notice } from "@/parts/Notice";

/** Robots that want to join, for an admin to accept or turn away. */
export function PendingRobots() {
  const allowed = useMay("adopt_robots");
  return allowed ? <Pending /> : null;
}

function Pending() {
  const t = useT();
  const { data: robots = [] } = usePending(true);
  useWatch({ pending: true });
  if (robots.length === 0) return null;
  return (
    <section aria-labelledby="pending" className="card border-accent/40 p-4">
      <h2 id="pending" className="flex items-center gap-2 font-semibold">
        <HandHelping className="size-5 text-accent" aria-hidden />
        {t("pending.title", { n: robots.length })}
      </h2>
      <ul className="mt-1 divide-y divide-line">
        {robots.map((robot) => (
          <Request key={robot.robot_id} robot={robot} />
        ))}
      </ul>
    </section>
  );
}

function Request({ robot }: { robot: PendingRobot }) {
  const t = useT();
  const adopt = useAdopt();
  const reject = useReject();
  const failure = adopt.error ?? reject.error;
  return (
    <li className="grid gap-x-4 gap-y-2 py-3 sm:grid-cols-[1fr_auto]">
      <div className="min-w-0">
        <p className="break-all font-medium">{robot.robot_id}</p>
        <p className="flex flex-wrap gap-x-3 text-ink-3 text-xs">
          <span>{t("pending.from", { address: robot.ip_address })}</span>
          <span>{t("pending.messages", { n: robot.messages, count: number(robot.messages) })}</span>
          <Age time={parseTime(robot.last_seen)} />
        </p>
      </div>
      <div className="flex items-start gap-2">
        <ConfirmButton onConfirm={() => reject.mutate(robot.robot_id)} busy={reject.isPending}>
          {t("pending.reject")}
        </ConfirmButton>
        <Button look="primary" onClick={() => adopt.mutate(robot.robot_id)} busy={adopt.isPending}>
          {t("pending.adopt")}
        </Button>
      </div>
      {robot.samples.length > 0 && (
        <details className="min-w-0 sm:col-span-2">
          <summary className="w-fit rounded text-ink-2 text-xs">{t("pending.sample")}</summary>
          <ul className="mt-2 grid gap-2">
            {robot.samples.map((sample) => (
              <li key={`${sample.topic} ${sample.time}`} className="rounded-lg bg-sunken px-3 py-2 font-mono text-xs">
                <p className="break-all text-ink-3">{sample.topic}</p>
                <p className="break-all">{sample.payload}</p>
              </li>
            ))}
          </ul>
        </details>
      )}
      {failure && (
        <Notice tone="critical" role="alert" className="sm:col-span-2">
          {errorText(failure)}
        </Notice>
      )}
    </li>
  );
}
