import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useDeleteRobot } from "@/api/robots";
import type { Summary } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Field } from "@/parts/Field";
import { FormFailure } from "@/parts/FormFailure";
import { Notice } from "@/parts/Notice";

/** Removes a robot for good, after its ID was typed: nothing brings it back. */
export function RemoveRobot({ robot, onCancel }: { robot: Summary; onCancel: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const remove = useDeleteRobot();
  const [typed, setTyped] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() !== robot.robot_id) return;
    remove.mutate(robot.robot_id, {
      onSuccess: () => {
        onCancel();
        // Inside the robot there is nothing left to see; in a list there is.
        if (location.pathname.startsWith(`/robots/${encodeURIComponent(robot.robot_id)}`)) void navigate({ to: "/" });
      },
    });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Notice tone="warning">{t("robots.remove_text")}</Notice>
      <FormFailure error={remove.error} />
      <Field
        label={t("robots.remove_type", { robot: robot.robot_id })}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{t("action.cancel")}</Button>
        <Button type="submit" look="danger" busy={remove.isPending} disabled={typed.trim() !== robot.robot_id}>
          {t("robot.remove_confirm")}
        </Button>
      </div>
    </form>
  );
}
