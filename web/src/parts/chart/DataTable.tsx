import { number } from "@/format/number";
import { exact } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Dialog } from "@/parts/Dialog";
import type { Columns } from "./shape";

interface Props {
  title: string;
  unit: string;
  decimals: number;
  lines: readonly { key: string; name: string }[];
  painted: { made: Columns; from: number; to: number };
  step: number;
  onClose: () => void;
}

const most = 300;

/** The numbers behind a chart, newest first. Beyond 300 rows only the newest are shown; zooming in shows others. */
export function DataTable({ title, unit, decimals, lines, painted, step, onClose }: Props) {
  const t = useT();
  const { made, from, to } = painted;
  const all = made.times.flatMap((time, i) =>
    time >= from && time <= to && made.mean.some((column) => typeof column[i] === "number") ? [i] : [],
  );
  const rows = all.slice(-most).reverse();
  const note =
    all.length > most ? t("chart.newest_rows", { n: most, all: all.length }) : t("chart.rows", { n: all.length });
  return (
    <Dialog
      open
      onClose={onClose}
      title={unit ? `${title} (${unit})` : title}
      description={note}
      className="w-[min(60rem,calc(100vw-1.5rem))]"
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <div tabIndex={0} className="max-h-[56vh] overflow-auto rounded-lg border border-line">
        <table className="w-full text-right text-xs">
          <thead className="sticky top-0 bg-surface shadow-[inset_0_-1px_0_var(--line)]">
            <tr className="text-ink-3">
              <th scope="col" className="px-3 py-2 text-left font-medium">
                {t("chart.time")}
              </th>
              {lines.map(({ key, name }) => (
                <th key={key} scope="col" className="whitespace-nowrap px-3 py-2 font-medium">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((i) => (
              <tr key={made.times[i]} className="border-line border-t">
                <th scope="row" className="whitespace-nowrap px-3 py-1.5 text-left font-normal text-ink-2">
                  {exact(made.times[i])}
                </th>
                {lines.map(({ key }, k) => (
                  <td key={key} className="whitespace-nowrap px-3 py-1.5">
                    {number(made.mean[k]?.[i], decimals)}
                    {step > 0 && made.min[k]?.[i] !== made.max[k]?.[i] && (
                      <span className="ml-1.5 text-ink-3">
                        {number(made.min[k]?.[i], decimals)}…{number(made.max[k]?.[i], decimals)}
                      </span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}
