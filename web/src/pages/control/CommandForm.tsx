import { type FormEvent, useState } from "react";
import { asked, useSendCommand } from "@/api/control";
import { errorText } from "@/api/error";
import type { CommandSpec } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { firstValue, readForm } from "./commands";
import { ParamField } from "./ParamField";

interface Props {
  robot: string;
  spec: CommandSpec;
  onDone: () => void;
}

/** What a command needs to know before it goes out, and the question for dangerous ones. */
export function CommandForm({ robot, spec, onDone }: Props) {
  const t = useT();
  const send = useSendCommand(robot);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [tried, setTried] = useState(false);
  const { values, errors } = readForm(spec.params, typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(errors).length > 0) return;
    send.mutate(asked({ type: spec.type, parameters: values, confirmed: spec.confirm }), { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} noValidate className="grid gap-4">
      {send.isError && (
        <Notice tone="critical" role="alert">
          {t("actions.not_sent", { detail: errorText(send.error) })}
        </Notice>
      )}
      {spec.confirm && <Notice tone="warning">{t("actions.sure")}</Notice>}
      <div className="grid gap-4 sm:grid-cols-2">
        {spec.params.map((param) => {
          const error = errors[param.name];
          return (
            <ParamField
              key={param.name}
              param={param}
              value={typed[param.name] ?? firstValue(param)}
              error={tried && error ? t(error) : undefined}
              onChange={(value) => setTyped((before) => ({ ...before, [param.name]: value }))}
            />
          );
        })}
      </div>
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t("action.cancel")}</Button>
        <Button type="submit" look={spec.confirm ? "danger" : "primary"} busy={send.isPending}>
          {t(spec.confirm ? "actions.do" : "actions.send")}
        </Button>
      </div>
    </form>
  );
}
