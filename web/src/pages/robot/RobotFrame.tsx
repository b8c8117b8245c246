import { Link, Outlet, useParams } from "@tanstack/react-router";
import { CircleSlash } from "lucide-react";
import { ApiError } from "@/api/error";
import { useRobot } from "@/api/robots";
import type { Summary } from "@/api/types";
import { age, exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow, useWatch } from "@/live/hooks";
import { Notice } from "@/parts/Notice";
import { EmptyState, ErrorState, Skeleton } from "@/parts/states";
import { RobotHeader } from "./RobotHeader";
import { RobotTabs } from "./RobotTabs";
import { StoppedBanner } from "./StoppedBanner";

/** The frame of every view inside a robot: who it is, how it is, and the tabs. */
export function RobotFrame() {
  const t = useT();
  const { robot: id } = useParams({ from: "/shell/robots/$robot" });
  const robot = useRobot(id);
  useWatch({ robots: { [id]: [] } });
  if (robot.error instanceof ApiError && robot.error.status === 404) {
    return (
      <EmptyState icon={<CircleSlash aria-hidden />} title={<h1>{t("robot.unknown", { robot: id })}</h1>}>
        <Link to="/" className="text-accent underline underline-offset-2">
          {t("robot.to_fleet")}
        </Link>
      </EmptyState>
    );
  }
  if (robot.isError && !robot.data) return <ErrorState error={robot.error} retry={() => void robot.refetch()} />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      {robot.data ? <RobotHeader robot={robot.data} /> : <HeaderSkeleton />}
      <RobotTabs robot={id} />
      {robot.data && <Troubles robot={robot.data} />}
      <Outlet key={id} />
    </div>
  );
}

function HeaderSkeleton() {
  const t = useT();
  return (
    <div role="status" className="flex h-14 items-center gap-4">
      <span className="sr-only">{t("state.loading")}</span>
      <Skeleton className="h-7 w-48" />
      <Skeleton className="h-5 w-24" />
    </div>
  );
}

/** What a person must know before reading any value. */
function Troubles({ robot }: { robot: Summary }) {
  const t = useT();
  const now = useNow();
  const seen = parseTime(robot.last_seen);
  return (
    <>
      {robot.emergency_stopped && <StoppedBanner robot={robot} />}
      {!robot.online && (
        <Notice tone="warning" role="status">
          {seen === undefined
            ? t("robot.never_seen")
            : t("robot.offline", { time: exact(seen).replace(/[.,]\d{3}/, ""), age: age(seen, now, t) })}
        </Notice>
      )}
    </>
  );
}
