import { type FormEvent, useState } from "react";
import { useSaveItem } from "@/api/items";
import type { Item } from "@/api/types";
import { parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { readNumber } from "@/pages/alerts/ruleForm";
import { Field } from "@/parts/Field";
import { FormEnd } from "@/parts/FormEnd";
import { FormFailure } from "@/parts/FormFailure";

/** An item of the table; without one it is a new one. The code names it and is not changed. */
export function ItemForm({ item, onDone }: { item: Item | undefined; onDone: () => void }) {
  const t = useT();
  const save = useSaveItem();
  const [code, setCode] = useState(item?.code ?? "");
  const [name, setName] = useState(item?.name ?? "");
  const [sku, setSku] = useState(item?.sku ?? "");
  const [description, setDescription] = useState(item?.description ?? "");
  const [location, setLocation] = useState(item?.location ?? "");
  const [weight, setWeight] = useState(item?.weight_kg ? String(item.weight_kg) : "");
  const [received, setReceived] = useState(item?.received_at?.slice(0, 10) ?? "");
  const kilograms = weight.trim() === "" ? 0 : readNumber(weight);
  const wrong = kilograms === undefined || kilograms < 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong) return;
    const when = parseTime(received);
    save.mutate(
      {
        code: code.trim(),
        name: name.trim(),
        sku: sku.trim(),
        description: description.trim(),
        location: location.trim(),
        weight_kg: kilograms,
        ...(when === undefined ? {} : { received_at: new Date(when).toISOString() }),
      },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <FormFailure error={save.error} />
      <Field
        label={t("scans.code")}
        hint={item ? t("items.code_fixed") : undefined}
        required
        readOnly={item !== undefined}
        maxLength={200}
        autoComplete="off"
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      <Field
        label={t("items.name")}
        required
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t("items.sku")} maxLength={100} value={sku} onChange={(event) => setSku(event.target.value)} />
        <Field
          label={t("items.location")}
          maxLength={200}
          value={location}
          onChange={(event) => setLocation(event.target.value)}
        />
        <Field
          label={t("items.weight")}
          inputMode="decimal"
          error={wrong ? t("rules.error.number") : undefined}
          value={weight}
          onChange={(event) => setWeight(event.target.value)}
        />
        <Field
          label={t("items.received")}
          type="date"
          value={received}
          onChange={(event) => setReceived(event.target.value)}
        />
      </div>
      <Field
        label={t("items.description")}
        maxLength={2000}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      <FormEnd onCancel={onDone} busy={save.isPending}>
        {t("action.save")}
      </FormEnd>
    </form>
  );
}
