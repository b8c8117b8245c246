import { type FormEvent, useState } from "react";
import { useSaveConfig } from "@/api/config";
import { ApiError, errorText } from "@/api/error";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import { cn } from "@/parts/cn";
import { Field } from "@/parts/Field";
import { Notice } from "@/parts/Notice";
import { readTyped, type Setting, sections, toTyped, typedRange } from "./settings";

interface Props {
  robot: string;
  config: { version: number; settings: unknown };
}

/** The settings that our agent knows; empty fields are left to the robot. */
export function ConfigForm({ robot, config }: Props) {
  const t = useT();
  const may = useMay("configure");
  const save = useSaveConfig(robot);
  const [typed, setTyped] = useState(() => toTyped(config.settings));
  const { settings, errors } = readTyped(config.settings, typed);
  const changed = JSON.stringify(typed) !== JSON.stringify(toTyped(config.settings));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(errors).length === 0) save.mutate({ settings, version: config.version });
  };
  return (
    <form onSubmit={submit} noValidate className="grid gap-4">
      {save.isError && (
        <Notice tone="critical" role="alert">
          {save.error instanceof ApiError && save.error.status === 409 ? t("config.conflict") : errorText(save.error)}
        </Notice>
      )}
      <div className="grid gap-x-8 gap-y-5 md:grid-cols-3">
        {sections.map(({ type, settings: known }) => (
          <fieldset key={type} disabled={!may} className="grid content-start gap-3">
            <legend className="mb-2.5 font-medium">{t(`config.${type}`)}</legend>
            {known.map((setting) => {
              const name = `${type}.${setting.name}`;
              const error = errors[name];
              return (
                <SettingField
                  key={name}
                  setting={setting}
                  value={typed[name] ?? ""}
                  error={error && t(error)}
                  onChange={(value) => setTyped((before) => ({ ...before, [name]: value }))}
                />
              );
            })}
          </fieldset>
        ))}
      </div>
      {may && (
        <div className="flex justify-end">
          <Button type="submit" look="primary" disabled={!changed} busy={save.isPending}>
            {t("action.save")}
          </Button>
        </div>
      )}
    </form>
  );
}

interface FieldProps {
  setting: Setting;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

function SettingField({ setting, value, error, onChange }: FieldProps) {
  const t = useT();
  const label = t(setting.label);
  if (setting.kind === "number") {
    const { min, max } = typedRange(setting);
    return (
      <Field
        className="content-start"
        label={label}
        inputMode="decimal"
        placeholder={t("config.default")}
        hint={t("config.range", { min, max })}
        error={error}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  const choices =
    setting.kind === "switch"
      ? [["true", t("config.on")] as const, ["false", t("config.off")] as const]
      : setting.choices.map(([choice, text]) => [choice, t(text)] as const);
  return (
    // As high as a number with its range, so that fields stand in rows.
    <div className={cn(!error && "md:mb-5.5")}>
      <Choice
        label={label}
        value={value}
        error={error}
        onChange={onChange}
        choices={[["", t("config.default")], ...choices]}
      />
    </div>
  );
}
