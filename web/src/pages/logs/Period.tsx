import { CalendarRange } from "lucide-react";
import { type FormEvent, useState } from "react";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { serverNow } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { toInput } from "@/parts/chart/CustomRange";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { stamp } from "./stamp";

interface Props {
  from: string | undefined;
  to: string | undefined;
  onChange: (from: string | undefined, to: string | undefined) => void;
}

/** A period with two ends instead of "the last hours". */
export function Period({ from, to, onChange }: Props) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const standing = from !== undefined || to !== undefined;
  return (
    <>
      <Button onClick={() => setOpen(true)} aria-pressed={standing} className="aria-pressed:border-accent">
        <CalendarRange aria-hidden />
        {standing ? `${from ? stamp(parseTime(from)) : "…"} – ${to ? stamp(parseTime(to)) : "…"}` : t("logs.period")}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t("logs.period")}>
        <PeriodForm
          from={from}
          to={to}
          onDone={(nextFrom, nextTo) => {
            setOpen(false);
            onChange(nextFrom, nextTo);
          }}
        />
      </Dialog>
    </>
  );
}

const hour = 3_600_000;

function PeriodForm({
  from,
  to,
  onDone,
}: {
  from: string | undefined;
  to: string | undefined;
  onDone: Props["onChange"];
}) {
  const t = useT();
  const now = serverNow();
  const [first, setFirst] = useState(toInput(parseTime(from) ?? now - hour));
  const [last, setLast] = useState(toInput(parseTime(to) ?? now));
  const wrong = !(Date.parse(first) < Date.parse(last));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) onDone(new Date(first).toISOString(), new Date(last).toISOString());
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field
        label={t("range.from")}
        type="datetime-local"
        step={1}
        required
        value={first}
        onChange={(event) => setFirst(event.target.value)}
      />
      <Field
        label={t("range.to")}
        type="datetime-local"
        step={1}
        required
        error={wrong ? t("logs.period_order") : undefined}
        value={last}
        onChange={(event) => setLast(event.target.value)}
      />
      <div className="flex justify-end gap-2">
        {(from ?? to) !== undefined && (
          <Button className="mr-auto" onClick={() => onDone(undefined, undefined)}>
            {t("logs.period_clear")}
          </Button>
        )}
        <Button type="submit" look="primary">
          {t("range.apply")}
        </Button>
      </div>
    </form>
  );
}
