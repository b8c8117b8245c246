import { Hand, LockKeyhole, LockKeyholeOpen } from "lucide-react";
import { useEffect } from "react";
import { useHandOver, useReleaseLease, useTakeLease } from "@/api/control";
import { errorText } from "@/api/error";
import { useMay } from "@/api/role";
import { useSession } from "@/api/session";
import type { Lease } from "@/api/types";
import { duration, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { serverNow, useNow } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { cn } from "@/parts/cn";

/** Who has exclusive control, for how long, and what can be done about it. */
export function LeaseBar({ robot, lease }: { robot: string; lease: Lease | undefined }) {
  const t = useT();
  const now = useNow();
  const may = useMay("command");
  const until = parseTime(lease?.expires_at);
  const Icon = lease?.holder ? LockKeyhole : LockKeyholeOpen;
  return (
    <section aria-label={t("lease.title")} className="card flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5">
      <p className="flex min-w-0 items-center gap-2" title={t("lease.help")}>
        <Icon className={cn("size-4 shrink-0", lease?.mine ? "text-accent" : "text-ink-3")} aria-hidden />
        <span className="font-medium">
          <Holder lease={lease} />
        </span>
        {lease?.holder && !lease.mine && until !== undefined && (
          <span className="whitespace-nowrap text-ink-3">{t("lease.left", { time: duration(until - now) })}</span>
        )}
      </p>
      {may && <LeaseActions robot={robot} lease={lease} />}
    </section>
  );
}

function Holder({ lease }: { lease: Lease | undefined }) {
  const t = useT();
  const state = useSession();
  const me = state.status === "in" ? state.user.username : "";
  if (!lease?.holder) return t("lease.free");
  if (lease.mine) return t("lease.mine");
  return lease.holder === me ? t("lease.mine_elsewhere") : t("lease.other", { name: lease.holder });
}

// A lease is kept while the page is in front; it ends soon after by itself.
const renewBefore = 5000;

function LeaseActions({ robot, lease }: { robot: string; lease: Lease | undefined }) {
  const t = useT();
  const state = useSession();
  const breaks = useMay("break_lease");
  const take = useTakeLease(robot);
  const release = useReleaseLease(robot);
  const handOver = useHandOver(robot);
  useRenewal(lease, take.mutate);
  const me = state.status === "in" ? state.user.username : "";
  const asked = lease?.asked_by ?? "";
  // Asking is answered with a refusal that names the holder; that is what was wanted.
  const failure = release.error ?? handOver.error ?? (asked === me ? undefined : take.error);
  return (
    <div className="ml-auto flex flex-wrap items-center gap-2">
      {failure && (
        <p role="alert" className="text-bad text-xs">
          {errorText(failure)}
        </p>
      )}
      {lease?.mine && asked !== "" && asked !== me && (
        <span className="inline-flex items-center gap-2 rounded-lg bg-warn-soft py-1 pr-1 pl-2.5">
          <Hand className="size-4 text-warn" aria-hidden />
          <span role="status">{t("lease.wish", { name: asked })}</span>
          <Button size="small" busy={handOver.isPending} onClick={() => handOver.mutate(asked)}>
            {t("lease.hand_over")}
          </Button>
        </span>
      )}
      {!lease?.holder && (
        <Button size="small" busy={take.isPending} onClick={() => take.mutate(false)}>
          {t("lease.take")}
        </Button>
      )}
      {lease?.mine && (
        <Button size="small" busy={release.isPending} onClick={() => release.mutate()}>
          {t("lease.release")}
        </Button>
      )}
      {lease?.holder && !lease.mine && (
        <>
          {asked === me && <span className="text-ink-3 text-xs">{t("lease.asked")}</span>}
          {asked !== me && (
            <Button size="small" busy={take.isPending} onClick={() => take.mutate(false)}>
              <Hand aria-hidden />
              {t("lease.ask")}
            </Button>
          )}
          {breaks && (
            <ConfirmButton size="small" question={t("lease.break_confirm")} onConfirm={() => take.mutate(true)}>
              {t("lease.break")}
            </ConfirmButton>
          )}
        </>
      )}
    </div>
  );
}

/** Keeps the lease that this page has for as long as its person looks at it. */
function useRenewal(lease: Lease | undefined, take: (force: boolean) => void): void {
  const mine = lease?.mine ?? false;
  const until = parseTime(lease?.expires_at);
  useEffect(() => {
    if (!mine || until === undefined) return;
    const timer = setTimeout(
      () => {
        if (!document.hidden) take(false);
      },
      Math.max(1000, until - serverNow() - renewBefore),
    );
    return () => clearTimeout(timer);
  }, [mine, until, take]);
}
