import { heatColor, servoHeat } from "@/format/temperature";
import { useT } from "@/i18n/translate";

const from = 25;
const to = 85;
const colors = Array.from({ length: 13 }, (_, i) => heatColor(from + ((to - from) * i) / 12)).join(", ");
const at = (celsius: number) => `${((celsius - from) / (to - from)) * 100}%`;

/** What the colours mean, with the borders at which a joint gets a sign. */
export function HeatLegend() {
  const t = useT();
  return (
    <div className="mx-auto grid w-full max-w-72 gap-1 text-[0.6875rem] text-ink-3">
      <p className="text-center">{t("live.legend")}</p>
      <div
        className="relative h-2 rounded-full"
        style={{ background: `linear-gradient(to right in oklch, ${colors})` }}
      >
        {[servoHeat.hot, servoHeat.critical].map((celsius) => (
          <span key={celsius} className="absolute -inset-y-0.5 w-px bg-ink" style={{ left: at(celsius) }} />
        ))}
      </div>
      <div className="relative h-4">
        <span className="absolute left-0">{from}°</span>
        <span className="absolute -translate-x-1/2 text-warn" style={{ left: at(servoHeat.hot) }}>
          ▲ {servoHeat.hot}°
        </span>
        <span className="absolute -translate-x-1/2 text-bad" style={{ left: at(servoHeat.critical) }}>
          ▲ {servoHeat.critical}°
        </span>
        <span className="absolute right-0">{to}°</span>
      </div>
    </div>
  );
}
