import { type FormEvent, useState } from "react";
import { errorText } from "@/api/error";
import { useUpdateRobot } from "@/api/robots";
import type { Summary } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { Notice } from "@/parts/Notice";

/** Name, place and description of a robot. */
export function RobotForm({ robot, onDone }: { robot: Summary; onDone: () => void }) {
  const t = useT();
  const update = useUpdateRobot(robot.robot_id);
  const [name, setName] = useState(robot.name);
  const [location, setLocation] = useState(robot.location);
  const [description, setDescription] = useState(robot.description);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate(
      { name: name.trim(), location: location.trim(), description: description.trim() },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {update.isError && (
        <Notice tone="critical" role="alert">
          {errorText(update.error)}
        </Notice>
      )}
      <Field
        label={t("robot.name")}
        required
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
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
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t("action.cancel")}</Button>
        <Button type="submit" look="primary" busy={update.isPending}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
}
