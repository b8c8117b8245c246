import { useId } from "react";
import type { ParamSpec } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Choice } from "@/parts/Choice";
import { Field } from "@/parts/Field";
import { choiceTitle, paramTitle } from "./commands";

interface Props {
  param: ParamSpec;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

/** The field of a form that suits one parameter of a command. */
export function ParamField({ param, value, error, onChange }: Props) {
  const t = useT();
  const title = paramTitle(param, t);
  const label = param.unit ? `${title} (${param.unit})` : title;
  switch (param.kind) {
    case "choice":
      return (
        <Choice
          label={label}
          value={value}
          error={error}
          onChange={onChange}
          choices={(param.choices ?? []).map((choice) => [choice, choiceTitle(choice, t)] as const)}
        />
      );
    case "boolean":
      return (
        <label className="inline-flex min-h-9 items-center gap-2">
          <input
            type="checkbox"
            checked={value === "true"}
            onChange={(event) => onChange(String(event.target.checked))}
            className="size-4 accent-accent"
          />
          {label}
        </label>
      );
    case "color":
      return <Colour label={label} value={value} onChange={onChange} />;
    default: {
      const numeric = param.kind !== "text";
      const bounded = param.min !== undefined && param.max !== undefined;
      return (
        <Field
          label={label}
          options={param.choices ?? undefined}
          inputMode={numeric ? "decimal" : "text"}
          maxLength={param.max_length || undefined}
          hint={
            numeric && bounded
              ? t("param.range", { min: param.min ?? "", max: param.max ?? "", unit: param.unit }).trim()
              : undefined
          }
          error={error}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      );
    }
  }
}

function Colour({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium text-ink-2 text-xs">
        {label}
      </label>
      <input
        id={id}
        type="color"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="h-10 w-full cursor-pointer rounded-lg border border-line-strong bg-surface p-1"
      />
    </div>
  );
}
