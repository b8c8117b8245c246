import { number, withUnit } from "@/format/number";
import { useT } from "@/i18n/translate";
import { useReading } from "@/live/hooks";
import { attitude } from "@/parts/body/kinematics";
import { cn } from "@/parts/cn";
import { useGravity } from "./pose";

/** How the torso lies, as an artificial horizon with numbers. */
export function Attitude({ robot, stale }: { robot: string; stale: boolean }) {
  const t = useT();
  const gravity = useGravity(robot);
  const turning = useReading(robot, "angular_rate", "gyroscope_z");
  const now = gravity && attitude(gravity);
  return (
    <section aria-label={t("live.attitude")} className="card flex items-center gap-4 p-4">
      <Horizon
        roll={now?.roll ?? 0}
        pitch={now?.pitch ?? 0}
        className={cn("size-24 shrink-0", (stale || !now) && "opacity-45 grayscale")}
      />
      <div className="min-w-0 flex-1">
        <h2 className="font-semibold">{t("live.attitude")}</h2>
        {!now && <p className="mt-1 text-ink-3">{t("live.no_imu")}</p>}
        {now && (
          <dl className={cn("mt-1.5 grid grid-cols-[1fr_auto] gap-x-4 gap-y-1", stale && "stale")}>
            <dt className="text-ink-2">{t("live.roll")}</dt>
            <dd className="text-right font-medium">{number(now.roll, 1)}°</dd>
            <dt className="text-ink-2">{t("live.pitch")}</dt>
            <dd className="text-right font-medium">{number(now.pitch, 1)}°</dd>
            <dt className="text-ink-2">{t("live.turning")}</dt>
            <dd className="text-right font-medium">{withUnit(turning?.value, "°/s", 0)}</dd>
          </dl>
        )}
      </div>
    </section>
  );
}

function Horizon({ roll, pitch, className }: { roll: number; pitch: number; className: string }) {
  const shift = Math.max(-46, Math.min(46, pitch * -0.52));
  return (
    <svg viewBox="-50 -50 100 100" aria-hidden="true" className={className}>
      <clipPath id="horizon">
        <circle r={48} />
      </clipPath>
      <g clipPath="url(#horizon)">
        <g transform={`rotate(${-roll}) translate(0 ${shift})`}>
          <rect x={-120} y={-160} width={240} height={160} className="fill-accent-soft" />
          <rect x={-120} y={0} width={240} height={160} className="fill-line-strong" />
          <path d="M-120 0H120" className="stroke-ink-2" strokeWidth={1.5} />
          <path d="M-10 -16H10M-16 -31H16M-10 16H10M-16 31H16" className="stroke-ink-3" strokeWidth={1} />
        </g>
      </g>
      <path d="M-30 0H-12M12 0H30M0 -3V3" className="stroke-accent" strokeWidth={3} strokeLinecap="round" />
      <circle r={48} fill="none" className="stroke-line-strong" strokeWidth={2} />
      <path d="M0 -48V-41M-24 -41.6l3 5.2M24 -41.6l-3 5.2" className="stroke-ink-2" strokeWidth={1.5} />
    </svg>
  );
}
