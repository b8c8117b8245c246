import { Flame, X } from "lucide-react";
import { useMemo } from "react";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { HistoryChart } from "@/parts/chart/HistoryChart";
import { useHistory } from "@/parts/chart/history";
import { RangePicker } from "@/parts/chart/RangePicker";
import { ErrorState } from "@/parts/states";
import { servoName } from "./name";
import type { Servo } from "./servos";

const metrics = ["servo_position", "servo_temperature", "servo_voltage"];

const charts = [
  { metric: "servo_temperature", title: "servo.temperature", unit: "°C", decimals: 0, scale: { span: 10 } },
  { metric: "servo_position", title: "servo.position", unit: "°", decimals: 1, scale: { span: 10 } },
  { metric: "servo_voltage", title: "servo.voltage", unit: "V", decimals: 2, scale: { span: 0.5 } },
] as const;

interface Props {
  robot: string;
  servos: readonly Servo[];
  chosen: readonly string[];
  onClear: () => void;
  onHottest: () => void;
}

/** Position, temperature and voltage of the chosen servos over time. */
export function ServoHistory({ robot, servos, chosen, onClear, onHottest }: Props) {
  const t = useT();
  const history = useHistory(robot, { metrics, sources: chosen, enabled: chosen.length > 0 });
  const names = chosen.map((source) =>
    servoName(servos.find((each) => each.source === source) ?? { source, joint: undefined }, t),
  );
  const written = names.join("\n");
  const sources = useMemo(() => {
    const all = written.split("\n");
    return chosen.map((source, i) => ({ source, name: all[i] ?? source }));
  }, [chosen, written]);
  return (
    <section aria-label={t("servo.history")} className="grid gap-3">
      <RangePicker range={history.range} busy={history.refining} />
      <div className="flex flex-wrap items-center gap-2">
        <p className="mr-auto text-ink-2 text-sm">{chosen.length === 0 ? t("servo.none_chosen") : names.join(", ")}</p>
        <Button size="small" onClick={onHottest}>
          <Flame aria-hidden />
          {t("servo.hottest")}
        </Button>
        <Button size="small" disabled={chosen.length === 0} onClick={onClear}>
          <X aria-hidden />
          {t("servo.clear")}
        </Button>
      </div>
      {history.error !== undefined && <ErrorState error={history.error} retry={history.retry} />}
      {history.error === undefined && chosen.length > 0 && (
        <div className="grid gap-3 xl:grid-cols-3">
          {charts.map(({ title, ...chart }) => (
            <HistoryChart
              key={chart.metric}
              history={history}
              title={t(title)}
              sources={sources}
              height={200}
              {...chart}
            />
          ))}
        </div>
      )}
    </section>
  );
}
