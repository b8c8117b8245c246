import { Link } from "@tanstack/react-router";
import { CheckCircle2, LoaderCircle, OctagonX } from "lucide-react";
import { useEffect } from "react";
import { milliseconds } from "@/format/number";
import { useT } from "@/i18n/translate";
import { type StopOrder, type StopRow, sumUp } from "@/live/stops";
import { inReach, useRobotName, useStopOrders, useStops } from "./stop";

const shownFor = 8000;
const namedAtOnce = 12;

/** What became of the stops: quiet when every robot confirmed, loud until then. */
export function StopReport() {
  const orders = useStopOrders();
  if (orders.length === 0) return null;
  return (
    <div {...inReach} className="pointer-events-auto sticky top-14 z-45 grid">
      {orders.map((order) => (
        <Report key={order.id} order={order} />
      ))}
    </div>
  );
}

function Report({ order }: { order: StopOrder }) {
  const stops = useStops();
  const { done, missing } = sumUp(order);
  const over = done || (order.late && order.rows.length === 0 && order.failure === "");
  useEffect(() => {
    if (!over) return;
    const timer = setTimeout(() => stops.dismiss(order.id), shownFor);
    return () => clearTimeout(timer);
  }, [over, stops, order.id]);
  if (order.failure !== "" || missing.length > 0) return <Loud order={order} />;
  return <Quiet order={order} />;
}

function Quiet({ order }: { order: StopOrder }) {
  const t = useT();
  const name = useRobotName();
  const { confirmed, all, slowest, done } = sumUp(order);
  const what = order.robot ? name(order.robot) : t("stop.what_all");
  const Icon = done ? CheckCircle2 : LoaderCircle;
  return (
    <p role="status" className="flex items-center gap-2.5 bg-stop px-4 py-2.5 font-medium text-white sm:px-5">
      <Icon className={done ? "size-5 shrink-0" : "size-5 shrink-0 animate-spin"} aria-hidden />
      <span>
        {done && t("stop.done", { n: all })}
        {!done && order.late && all === 0 && t("stop.none")}
        {!done && !(order.late && all === 0) && t("stop.sending", { what })}
      </span>
      {all > 0 && !done && <span>{t("stop.progress", { confirmed, n: all })}</span>}
      {slowest !== undefined && <span className="ml-auto whitespace-nowrap">{milliseconds(slowest)}</span>}
    </p>
  );
}

function Loud({ order }: { order: StopOrder }) {
  const t = useT();
  const stops = useStops();
  const { confirmed, all, missing } = sumUp(order);
  return (
    <div role="alert" className="border-white/40 border-b bg-stop px-4 py-3 text-white sm:px-5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <OctagonX className="size-6 shrink-0 motion-safe:animate-pulse" aria-hidden />
        <p className="font-bold text-base">
          {missing.length > 0 ? t("stop.missing", { n: missing.length }) : <Failure failure={order.failure} />}
        </p>
        {all > 0 && <p>{t("stop.progress", { confirmed, n: all })}</p>}
        <button
          type="button"
          onClick={() => stops.dismiss(order.id)}
          className="ml-auto h-9 rounded-lg border border-white/70 px-3 font-medium hover:bg-white/15 max-md:h-11"
        >
          {t("stop.seen")}
        </button>
      </div>
      {missing.length > 0 && order.failure !== "" && (
        <p className="mt-1 font-medium">
          <Failure failure={order.failure} />
        </p>
      )}
      <Missing rows={missing} />
    </div>
  );
}

function Failure({ failure }: { failure: string }) {
  const t = useT();
  return failure === "network" ? t("stop.unreachable") : t("stop.rejected", { detail: failure });
}

function Missing({ rows }: { rows: readonly StopRow[] }) {
  const t = useT();
  const name = useRobotName();
  if (rows.length === 0) return null;
  const more = rows.length - namedAtOnce;
  return (
    <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1">
      {rows.slice(0, namedAtOnce).map((row) => (
        <li key={row.robot}>
          <Link
            to="/robots/$robot"
            params={{ robot: row.robot }}
            className="font-semibold underline underline-offset-2"
          >
            {name(row.robot)}
          </Link>
          {`: ${row.message || t("stop.silent")}`}
        </li>
      ))}
      {more > 0 && <li>{t("stop.more_robots", { n: more })}</li>}
    </ul>
  );
}
