import { Check, CheckCheck } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useAcknowledge, useResolveMany } from "@/api/alerts";
import { errorText } from "@/api/error";
import { useMay } from "@/api/role";
import type { Alert } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Notice } from "@/parts/Notice";

/**
 * Acknowledge (with a note) and resolve; nothing for people whose role may not. Compact, it is the one next step, for
 * the row; else it is both, of which wide screens leave out what the row has.
 */
export function AlertActions({ alert, compact = false }: { alert: Alert; compact?: boolean }) {
  const t = useT();
  const handles = useMay("handle_alerts");
  const [noting, setNoting] = useState(false);
  const resolve = useResolveMany();
  if (!handles || alert.resolved) return null;
  return (
    <>
      {!alert.acknowledged && (
        <Button
          size={compact ? "small" : "normal"}
          onClick={() => setNoting(true)}
          className={compact ? undefined : "md:hidden"}
        >
          <Check aria-hidden />
          {t("alerts.acknowledge")}
        </Button>
      )}
      {(!compact || alert.acknowledged) && (
        <ConfirmButton
          look="plain"
          size={compact ? "small" : "normal"}
          question={t("alerts.resolve_confirm")}
          busy={resolve.isPending}
          onConfirm={() => resolve.mutate([alert.id])}
        >
          <CheckCheck aria-hidden />
          {t("alerts.resolve")}
        </ConfirmButton>
      )}
      {resolve.isError && (
        <p role="alert" className="text-bad text-xs">
          {errorText(resolve.error)}
        </p>
      )}
      <Dialog open={noting} onClose={() => setNoting(false)} title={t("alerts.acknowledge")} description={alert.title}>
        <NoteForm alert={alert} onDone={() => setNoting(false)} />
      </Dialog>
    </>
  );
}

function NoteForm({ alert, onDone }: { alert: Alert; onDone: () => void }) {
  const t = useT();
  const [note, setNote] = useState("");
  const acknowledge = useAcknowledge();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    acknowledge.mutate({ id: alert.id, note: note.trim() }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {acknowledge.isError && (
        <Notice tone="critical" role="alert">
          {errorText(acknowledge.error)}
        </Notice>
      )}
      <Field
        label={t("alerts.note")}
        hint={t("alerts.note_hint")}
        maxLength={1000}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t("action.cancel")}</Button>
        <Button type="submit" look="primary" busy={acknowledge.isPending}>
          {t("alerts.acknowledge")}
        </Button>
      </div>
    </form>
  );
}
