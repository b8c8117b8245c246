import { Play } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useStartJob } from "@/api/jobs";
import { useFleet } from "@/api/robots";
import { useMay } from "@/api/role";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { FormEnd } from "@/parts/FormEnd";
import { FormFailure } from "@/parts/FormFailure";
import { Outcome } from "./Outcome";

/** Begins a job on one robot; nothing for people who may not. */
export function StartJob({ robot }: { robot?: string }) {
  const t = useT();
  const allowed = useMay("command");
  const [open, setOpen] = useState(false);
  if (!allowed) return null;
  return (
    <>
      <Button look="primary" onClick={() => setOpen(true)}>
        <Play aria-hidden />
        {t("jobs.start")}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t("jobs.start")} description={t("jobs.start_text")}>
        <StartForm robot={robot} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function StartForm({ robot, onDone }: { robot: string | undefined; onDone: () => void }) {
  const t = useT();
  const { data: fleet = [] } = useFleet();
  const start = useStartJob();
  const online = fleet.filter((each) => each.online);
  const [chosen, setChosen] = useState(robot ?? online[0]?.robot_id ?? "");
  const [task, setTask] = useState("");
  const [items, setItems] = useState("10");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate({ robot: chosen, task: task.trim(), items: Number(items) });
  };
  if (start.data) return <Outcome command={start.data} onClose={onDone} />;
  return (
    <form onSubmit={submit} className="grid gap-4">
      <FormFailure error={start.error} />
      {robot === undefined && (
        <Choice
          label={t("alerts.robot")}
          value={chosen}
          onChange={setChosen}
          choices={fleet.map((each) => [
            each.robot_id,
            each.online ? each.name || each.robot_id : `${each.name || each.robot_id} (${t("status.offline")})`,
          ])}
        />
      )}
      <Field
        label={t("jobs.task")}
        required
        maxLength={200}
        autoComplete="off"
        value={task}
        onChange={(event) => setTask(event.target.value)}
      />
      <Field
        label={t("jobs.items_total")}
        type="number"
        required
        min={0}
        max={100000}
        step={1}
        value={items}
        onChange={(event) => setItems(event.target.value)}
      />
      <FormEnd onCancel={onDone} busy={start.isPending} disabled={chosen === ""}>
        {t("jobs.start")}
      </FormEnd>
    </form>
  );
}
