import { type FormEvent, useState } from "react";
import { useT } from "@/i18n/translate";
import { serverNow } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { edges, longest, shortest } from "./range";
import type { Range } from "./useRange";

/** Writes a time as an input for date and time wants it: local, without a zone. */
export function toInput(time: number): string {
  const date = new Date(time);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** From when to when, in local time. */
export function CustomRange({ range, onDone }: { range: Range; onDone: () => void }) {
  const t = useT();
  const [first, last] = edges(range.span, serverNow());
  const [from, setFrom] = useState(toInput(first));
  const [to, setTo] = useState(toInput(last));
  const [tried, setTried] = useState(false);
  const length = Date.parse(to) - Date.parse(from);
  const error = !(length >= shortest)
    ? t("range.error_order")
    : length > longest
      ? t("range.error_long")
      : Date.parse(from) > serverNow()
        ? t("range.error_future")
        : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (error) return;
    range.between(Date.parse(from), Date.parse(to));
    onDone();
  };
  return (
    <form onSubmit={submit} className="grid gap-3">
      <Field
        label={t("range.from")}
        type="datetime-local"
        step={1}
        required
        value={from}
        onChange={(event) => setFrom(event.target.value)}
      />
      <Field
        label={t("range.to")}
        type="datetime-local"
        step={1}
        required
        value={to}
        error={tried ? error : undefined}
        onChange={(event) => setTo(event.target.value)}
      />
      <Button type="submit" look="primary">
        {t("range.apply")}
      </Button>
    </form>
  );
}
