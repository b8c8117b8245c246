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

/** Asks whether to give up a job that is active; nothing for people who may not. */
export function CancelButton({ job, onPress }: { job: Job; onPress: (job: Job) => void }) {
  const t = useT();
  const allowed = useMay("command");
  if (!allowed || job.status !== "active") return null;
  return (
    <Button
      size="small"
      onClick={() => onPress(job)}
      aria-label={t("jobs.cancel_of", { task: job.task_name, robot: job.robot_id })}
    >
      <Ban aria-hidden />
      {t("jobs.cancel")}
    </Button>
  );
}

/** Gives up a job and tells what became of it; it stands by itself, as the job may end meanwhile and leave its list. */
export function CancelDialog({ job, onClose }: { job: Job | undefined; onClose: () => void }) {
  const t = useT();
  return (
    <Dialog
      open={job !== undefined}
      onClose={onClose}
      title={t("jobs.cancel_title")}
      description={job ? t("jobs.on_robot", { task: job.task_name, robot: job.robot_id }) : ""}
    >
      {job && <CancelForm job={job} onDone={onClose} />}
    </Dialog>
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
