import { useId } from "react";
import { useEndSession, useSessions } from "@/api/own";
import type { SessionInfo } from "@/api/types";
import { useT } from "@/i18n/translate";
import { SessionRow } from "@/pages/users/SessionRow";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { FormFailure } from "@/parts/FormFailure";
import { ErrorState, Skeleton } from "@/parts/states";

/** Where whoever uses the page is signed in; the others can be ended. */
export function OwnSessions() {
  const t = useT();
  const id = useId();
  const sessions = useSessions(true);
  const end = useEndSession();
  const endAll = (list: readonly SessionInfo[]) => {
    for (const { id: each } of list) end.mutate(each);
  };
  const others = sessions.data?.filter((session) => !session.current) ?? [];
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <h2 id={id} className="mr-auto font-semibold">
          {t("sessions.title")}
        </h2>
        {others.length > 1 && (
          <ConfirmButton size="small" onConfirm={() => endAll(others)}>
            {t("sessions.end_others")}
          </ConfirmButton>
        )}
      </div>
      <FormFailure error={end.error} />
      {sessions.isPending && <Skeleton className="h-24" />}
      {sessions.isError && !sessions.data && (
        <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />
      )}
      {sessions.data && (
        <ul className="card divide-y divide-line">
          {sessions.data.map((session) => (
            <SessionRow key={session.id} session={session}>
              {!session.current && (
                <ConfirmButton
                  size="small"
                  busy={end.isPending && end.variables === session.id}
                  onConfirm={() => end.mutate(session.id)}
                >
                  {t("sessions.end")}
                </ConfirmButton>
              )}
            </SessionRow>
          ))}
        </ul>
      )}
    </section>
  );
}
