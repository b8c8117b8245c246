import { useEndSessionsOf, useSessionsOf } from "@/api/roles";
import type { User } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { FormFailure } from "@/parts/FormFailure";
import { ErrorState, Skeleton } from "@/parts/states";
import { SessionRow } from "./SessionRow";

/** Where somebody is signed in, and the way to end all of it. */
export function SessionsOf({ user, onDone }: { user: User; onDone: () => void }) {
  const t = useT();
  const sessions = useSessionsOf(user.id);
  const end = useEndSessionsOf();
  return (
    <div className="grid gap-4">
      {sessions.isPending && <Skeleton className="h-20" />}
      {sessions.isError && <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />}
      <FormFailure error={end.error} />
      {sessions.data?.length === 0 && <p className="text-ink-2">{t("sessions.none")}</p>}
      {sessions.data && sessions.data.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line">
          {sessions.data.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </ul>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t("action.close")}</Button>
        {sessions.data && sessions.data.length > 0 && (
          <ConfirmButton busy={end.isPending} onConfirm={() => end.mutate(user.id)}>
            {t("sessions.end_all")}
          </ConfirmButton>
        )}
      </div>
    </div>
  );
}
