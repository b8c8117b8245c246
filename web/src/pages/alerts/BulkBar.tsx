import { Check, CheckCheck, X } from "lucide-react";
import { useAcknowledgeMany, useResolveMany } from "@/api/alerts";
import { errorText } from "@/api/error";
import type { Alert } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { Notice } from "@/parts/Notice";

/** What may be done with all chosen alerts at once. */
export function BulkBar({ alerts, onDone }: { alerts: readonly Alert[]; onDone: () => void }) {
  const t = useT();
  const acknowledge = useAcknowledgeMany();
  const resolve = useResolveMany();
  const ids = alerts.map((alert) => alert.id);
  const waiting = alerts.filter((alert) => !alert.acknowledged).map((alert) => alert.id);
  const error = acknowledge.error ?? resolve.error;
  return (
    <div className="sticky top-16 z-10 grid gap-2">
      <div className="card flex flex-wrap items-center gap-2 border-accent/40 p-2 pl-4 shadow-float">
        <p role="status" className="mr-auto font-medium">
          {t("alerts.selected", { n: alerts.length })}
        </p>
        <Button
          disabled={waiting.length === 0}
          busy={acknowledge.isPending}
          onClick={() => acknowledge.mutate(waiting, { onSuccess: onDone })}
        >
          <Check aria-hidden />
          {t("alerts.acknowledge")}
        </Button>
        <ConfirmButton
          look="plain"
          busy={resolve.isPending}
          question={t("alerts.resolve_confirm")}
          onConfirm={() => resolve.mutate(ids, { onSuccess: onDone })}
        >
          <CheckCheck aria-hidden />
          {t("alerts.resolve")}
        </ConfirmButton>
        <Button
          look="ghost"
          size="icon"
          aria-label={t("alerts.unselect")}
          title={t("alerts.unselect")}
          onClick={onDone}
        >
          <X aria-hidden />
        </Button>
      </div>
      {error && (
        <Notice tone="critical" role="alert">
          {errorText(error)}
        </Notice>
      )}
    </div>
  );
}
