import { ArrowDown, ArrowUp } from "lucide-react";
import { type Key, useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { ServoRow } from "./ServoRow";
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
            <ServoRow
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
