import { FileUp } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { useImportItems } from "@/api/items";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { cn } from "@/parts/cn";
import { FormFailure } from "@/parts/FormFailure";
import { Notice } from "@/parts/Notice";
import { fileFault, type LineError, lineErrors } from "./importErrors";

/** A CSV file that is dragged here or chosen: every line is taken, or none and each fault is told. */
export function ImportItems({ onDone }: { onDone: () => void }) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  const send = useImportItems();
  const [over, setOver] = useState(false);
  const [fault, setFault] = useState<string>();
  const [errors, setErrors] = useState<readonly LineError[]>([]);
  const take = async (file: File | undefined) => {
    if (!file) return;
    send.reset();
    setErrors([]);
    const csv = await file.text();
    const found = fileFault(csv);
    setFault(found && t(found));
    if (!found) send.mutate(csv, { onSuccess: (answer) => setErrors(lineErrors(csv, answer.errors)) });
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  const done = send.data !== undefined && errors.length === 0;
  return (
    <div className="grid gap-4">
      <p className="text-ink-2">{t("items.import_text")}</p>
      <code className="block overflow-x-auto rounded-lg bg-sunken px-3 py-2 font-mono text-xs">
        code,sku,name,description,weight_kg,location,received_at
      </code>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut; the button does the same */}
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={cn(
          "grid justify-items-center gap-3 rounded-xl border-2 border-line-strong border-dashed px-4 py-8 text-center",
          over && "border-accent bg-accent-soft",
        )}
      >
        <FileUp className="size-7 text-ink-3" aria-hidden />
        <p className="text-ink-2">{t("items.drop")}</p>
        <Button look={done ? "plain" : "primary"} busy={send.isPending} onClick={() => input.current?.click()}>
          {t("items.choose_file")}
        </Button>
        <input
          ref={input}
          type="file"
          accept=".csv,text/csv"
          tabIndex={-1}
          aria-label={t("items.choose_file")}
          className="sr-only"
          onChange={(event) => {
            void take(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </div>
      {fault && (
        <Notice tone="critical" role="alert">
          {fault}
        </Notice>
      )}
      <FormFailure error={send.error} />
      {errors.length > 0 && <LineErrors errors={errors} />}
      {done && (
        <Notice tone="ok" role="status">
          {t("items.imported", { n: send.data?.count ?? 0 })}
        </Notice>
      )}
      <Button className="justify-self-end" onClick={onDone}>
        {t("action.close")}
      </Button>
    </div>
  );
}

function LineErrors({ errors }: { errors: readonly LineError[] }) {
  const t = useT();
  return (
    <Notice tone="critical" role="alert">
      <p className="font-medium">{t("items.import_failed", { n: errors.length })}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key */}
      <ol tabIndex={0} className="mt-2 grid max-h-56 gap-2 overflow-y-auto">
        {errors.map(({ line, detail, text }) => (
          <li key={line}>
            <p>
              <span className="font-medium">{t("items.line", { line })}</span> {detail}
            </p>
            {text && <p className="truncate font-mono text-ink-2 text-xs">{text}</p>}
          </li>
        ))}
      </ol>
    </Notice>
  );
}
