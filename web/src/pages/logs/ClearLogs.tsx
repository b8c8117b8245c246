import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useClearLogs } from "@/api/logs";
import { useMay } from "@/api/role";
import { number } from "@/format/number";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { FormFailure } from "@/parts/FormFailure";
import { Notice } from "@/parts/Notice";

/** Deletes old lines; nothing for people who may not. */
export function ClearLogs({ onCleared }: { onCleared: () => void }) {
  const t = useT();
  const allowed = useMay("clear_logs");
  const clear = useClearLogs();
  const [open, setOpen] = useState(false);
  const [days, setDays] = useState("30");
  const whole = Number(days);
  const valid = Number.isInteger(whole) && whole >= 1 && whole <= 365;
  if (!allowed) return null;
  const show = () => {
    clear.reset();
    setOpen(true);
  };
  return (
    <>
      <Button look="ghost" onClick={show}>
        <Trash2 aria-hidden />
        <span className="max-sm:sr-only">{t("logs.clear")}</span>
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t("logs.clear")} description={t("logs.clear_text")}>
        <div className="grid gap-4">
          <FormFailure error={clear.error} />
          {clear.data && (
            <Notice tone="ok" role="status">
              {t("logs.cleared", { n: clear.data.count, count: number(clear.data.count) })}
            </Notice>
          )}
          <Field
            label={t("logs.clear_days")}
            type="number"
            min={1}
            max={365}
            required
            value={days}
            onChange={(event) => setDays(event.target.value)}
          />
          <div className="flex justify-end gap-2">
            <Button onClick={() => setOpen(false)}>{t("action.close")}</Button>
            <ConfirmButton
              disabled={!valid}
              busy={clear.isPending}
              question={t("logs.clear_confirm")}
              onConfirm={() => clear.mutate(whole, { onSuccess: onCleared })}
            >
              {t("logs.clear")}
            </ConfirmButton>
          </div>
        </div>
      </Dialog>
    </>
  );
}
