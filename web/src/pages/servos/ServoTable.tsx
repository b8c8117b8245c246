import { ArrowDown, ArrowUp } from "lucide-react";
import { memo } from "react";
import { number, withUnit } from "@/format/number";
import { type Key, useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { Age } from "@/parts/Age";
import { Sample } from "@/parts/chart/Legend";
import { cn } from "@/parts/cn";
import { servoName } from "./name";
import { LevelSign } from "./Summary";
import { mostChosen, type Sort } from "./search";
import type { Servo } from "./servos";

const columns: readonly (readonly [title: Key, sort?: Sort, look?: string])[] = [
  ["servo.joint", "joint", "w-full"],
  ["servo.position", "position", "text-right"],
  ["servo.temperature", "temperature", "text-right"],
  ["servo.voltage", "voltage", "text-right max-sm:hidden"],
  ["servo.torque", undefined, "max-lg:hidden"],
  ["servo.errors", "errors", "text-right max-lg:hidden"],
  ["servo.level", "level"],
];

interface Props {
  servos: readonly Servo[];
  chosen: readonly string[];
  sort: Sort;
  down: boolean;
  stale: boolean;
  onSort: (sort: Sort) => void;
  onToggle: (source: string) => void;
}

/** Every servo in a line; ticking one shows its history. */
export function ServoTable({ servos, chosen, sort, down, stale, onSort, onToggle }: Props) {
  const t = useT();
  const Arrow = down ? ArrowUp : ArrowDown;
  return (
    <section className="card overflow-x-auto">
      <table className="w-full text-left">
        <caption className="sr-only">{t("servo.title")}</caption>
        <thead>
          <tr className="h-9 text-ink-3 text-xs">
            <th className="w-10">
              <span className="sr-only">{t("servo.history")}</span>
            </th>
            {columns.map(([title, column, look]) => (
              <th
                key={title}
                scope="col"
                aria-sort={column && sort === column ? (down ? "descending" : "ascending") : undefined}
                className={cn("whitespace-nowrap font-medium", look)}
              >
                {column ? (
                  <button
                    type="button"
                    onClick={() => onSort(column)}
                    className="inline-flex h-9 items-center gap-1 px-3 hover:text-ink max-sm:px-1.5"
                  >
                    {t(title)}
                    {sort === column && <Arrow className="size-3.5" aria-hidden />}
                  </button>
                ) : (
                  <span className="px-3">{t(title)}</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className={cn(stale && "stale")}>
          {servos.map((servo) => (
            <Row
              key={servo.source}
              servo={servo}
              line={chosen.indexOf(servo.source)}
              full={chosen.length >= mostChosen}
              onToggle={onToggle}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

// More than this beside its target (°) is not the usual lag of a movement.
const offTarget = 5;
// A value that is older than this is no longer "now".
const staleAfter = 5000;

interface RowProps {
  servo: Servo;
  /** Which line of the charts shows it; -1: none. */
  line: number;
  full: boolean;
  onToggle: (source: string) => void;
}

const cell = "whitespace-nowrap px-3 text-right max-sm:px-1.5";

const Row = memo(function Row({ servo, line, full, onToggle }: RowProps) {
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
          {line >= 0 && <Sample i={line} />}
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
