import { Ban } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useCancelJob } from "@/api/jobs";
import { useMay } from "@/api/role";
import type { Job } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { FormEnd } from "@/parts/FormEnd";
import { FormFailure } from "@/parts/FormFailure";
import { Outcome } from "./Outcome";

/** Gives up a job that is active; nothing for people who may not. */
export function CancelJob({ job }: { job: Job }) {
  const t = useT();
  const allowed = useMay("command");
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  if (!allowed || job.status !== "active") return null;
  return (
    <>
      <Button
        size="small"
        onClick={() => setOpen(true)}
        aria-label={t("jobs.cancel_of", { task: job.task_name, robot: job.robot_id })}
      >
        <Ban aria-hidden />
        {t("jobs.cancel")}
      </Button>
      <Dialog
        open={open}
        onClose={close}
        title={t("jobs.cancel_title")}
        description={t("jobs.on_robot", { task: job.task_name, robot: job.robot_id })}
      >
        <CancelForm job={job} onDone={close} />
      </Dialog>
    </>
  );
}

function CancelForm({ job, onDone }: { job: Job; onDone: () => void }) {
  const t = useT();
  const cancel = useCancelJob();
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    cancel.mutate({ job, reason: reason.trim() });
  };
  if (cancel.data) return <Outcome command={cancel.data} onClose={onDone} />;
  return (
    <form onSubmit={submit} className="grid gap-4">
      <FormFailure error={cancel.error} />
      <Field
        label={t("jobs.reason")}
        hint={t("jobs.reason_hint")}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <FormEnd onCancel={onDone} busy={cancel.isPending} out={t("jobs.keep")} look="danger">
        {t("jobs.cancel_now")}
      </FormEnd>
    </form>
  );
}
