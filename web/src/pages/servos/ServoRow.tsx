import { memo } from "react";
import { number, withUnit } from "@/format/number";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { Age } from "@/parts/Age";
import { Sample } from "@/parts/chart/Legend";
import { cn } from "@/parts/cn";
import { servoName } from "./name";
import { LevelSign } from "./Summary";
import { mostChosen } from "./search";
import type { Servo } from "./servos";

// More than this beside its target (°) is not the usual lag of a movement.
const offTarget = 5;
// A value that is older than this is no longer "now".
const staleAfter = 5000;

interface Props {
  servo: Servo;
  /** Which line of the charts shows it; -1: none. */
  line: number;
  full: boolean;
  onToggle: (source: string) => void;
}

const cell = "whitespace-nowrap px-3 text-right max-sm:px-1.5";

/** A servo in a line. */
export const ServoRow = memo(function ServoRow({ servo, line, full, onToggle }: Props) {
  const t = useT();
  const now = useNow();
  const name = servoName(servo, t);
  const old = now - servo.time > staleAfter;
  const off = servo.position !== undefined && servo.target !== undefined ? servo.position - servo.target : 0;
  return (
    <tr
      className={cn(
        "h-9 border-line border-t hover:bg-sunken max-md:h-11",
        line >= 0 && "bg-accent-soft/40",
        old && "stale",
      )}
    >
      <td className="pl-3">
        <input
          type="checkbox"
          aria-label={t("servo.choose", { joint: name })}
          checked={line >= 0}
          disabled={line < 0 && full}
          title={line < 0 && full ? t("servo.most_chosen", { n: mostChosen }) : undefined}
          onChange={() => onToggle(servo.source)}
          className="block size-4 accent-accent"
        />
      </td>
      <th scope="row" className="px-3 font-normal max-sm:px-1.5">
        <span className="flex items-center gap-2">
          <span className="whitespace-nowrap max-sm:whitespace-normal">{name}</span>
          <span className="whitespace-nowrap text-ink-3 text-xs max-md:hidden">{servo.source}</span>
          {line >= 0 && (
            <span className="max-sm:hidden">
              <Sample i={line} />
            </span>
          )}
          {old && <Age time={servo.time} className="text-ink-3 text-xs" />}
        </span>
      </th>
      <td className={cell}>
        {withUnit(servo.position, "°")}
        <span
          className={cn(
            "ml-1.5 inline-block w-16 text-left text-xs max-sm:hidden",
            Math.abs(off) > offTarget ? "text-warn" : "text-ink-3",
          )}
        >
          {servo.target !== undefined && `${Math.abs(off) > offTarget ? "▲" : "→"} ${withUnit(servo.target, "°")}`}
        </span>
      </td>
      <td className={cn(cell, "font-medium")}>{withUnit(servo.temperature, "°C", 0)}</td>
      <td className={cn(cell, "max-sm:hidden")}>{withUnit(servo.voltage, "V")}</td>
      <td className="px-3 text-ink-2 text-xs max-lg:hidden">
        {servo.torque === undefined ? number(undefined) : t(servo.torque > 0 ? "servo.torque_on" : "servo.torque_off")}
      </td>
      <td className={cn(cell, "max-lg:hidden", servo.errors ? "text-warn" : "text-ink-3")}>{number(servo.errors)}</td>
      <td className="px-3 max-sm:px-1.5">
        <LevelSign level={servo.level} />
      </td>
    </tr>
  );
});
