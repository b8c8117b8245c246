import { type FormEvent, useState } from "react";
import { useCreateRobot } from "@/api/joining";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { CopyText } from "@/parts/CopyText";
import { Field } from "@/parts/Field";
import { FormEnd } from "@/parts/FormEnd";
import { FormFailure } from "@/parts/FormFailure";
import { Notice } from "@/parts/Notice";

/** A robot that is created before it was ever seen; its credential is shown once. */
export function NewRobotForm({ onDone }: { onDone: () => void }) {
  const t = useT();
  const create = useCreateRobot();
  const [id, setID] = useState("");
  const [name, setName] = useState("");
  const [location, setLocation] = useState("");
  const [description, setDescription] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      robot_id: id.trim(),
      ...(name.trim() ? { name: name.trim() } : {}),
      ...(location.trim() ? { location: location.trim() } : {}),
      ...(description.trim() ? { description: description.trim() } : {}),
    });
  };
  if (create.data) {
    const { robot, credential } = create.data;
    return (
      <div className="grid gap-4">
        <Notice tone="ok" role="status">
          {t("robots.created", { robot: robot.name || robot.robot_id })}
        </Notice>
        <Notice tone="warning">{t("robots.credential_once")}</Notice>
        <dl className="grid gap-3">
          <Secret name={t("robots.mqtt_user")} text={credential.username} />
          <Secret name={t("signin.password")} text={credential.password} />
        </dl>
        <Button className="justify-self-end" onClick={onDone}>
          {t("action.close")}
        </Button>
      </div>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <p className="text-ink-2">{t("robots.add_text")}</p>
      <FormFailure error={create.error} />
      <Field
        label={t("robots.id")}
        hint={t("robots.id_hint")}
        required
        maxLength={100}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={id}
        onChange={(event) => setID(event.target.value)}
      />
      <Field label={t("robot.name")} maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <Field
        label={t("robot.location")}
        maxLength={200}
        value={location}
        onChange={(event) => setLocation(event.target.value)}
      />
      <Field
        label={t("robot.description")}
        maxLength={2000}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      <FormEnd onCancel={onDone} busy={create.isPending}>
        {t("robots.add")}
      </FormEnd>
    </form>
  );
}

function Secret({ name, text }: { name: string; text: string }) {
  return (
    <div className="grid gap-1.5">
      <dt className="font-medium text-ink-2 text-xs">{name}</dt>
      <dd>
        <CopyText text={text} />
      </dd>
    </div>
  );
}
