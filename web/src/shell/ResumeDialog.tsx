import { Play } from "lucide-react";
import { type FormEvent, useState } from "react";
import { errorText } from "@/api/error";
import { useFleet } from "@/api/robots";
import { useMay } from "@/api/role";
import { useResume } from "@/api/stops";
import { useT } from "@/i18n/translate";
import { Button, type ButtonProps } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Notice } from "@/parts/Notice";
import { useRobotName } from "./stop";

interface Props {
  /** A robot, "" for all that are stopped, undefined for a closed window. */
  robot: string | undefined;
  onClose: () => void;
}

/** Letting robots move again: never by one press, unlike stopping. */
export function ResumeDialog({ robot, onClose }: Props) {
  const t = useT();
  const name = useRobotName();
  const stopped = useStopped();
  const title = robot ? t("resume.title", { robot: name(robot) }) : t("resume.title_all", { n: stopped.length });
  return (
    <Dialog open={robot !== undefined} onClose={onClose} title={title} description={t("resume.help")}>
      {robot !== undefined && <ResumeForm robots={robot ? [robot] : stopped} onDone={onClose} />}
    </Dialog>
  );
}

/** The button that opens the window; nothing for people whose role may not. */
export function ResumeButton({ robot, ...rest }: { robot: string } & ButtonProps) {
  const t = useT();
  const may = useMay("command");
  const [open, setOpen] = useState(false);
  if (!may) return null;
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)} {...rest}>
        <Play aria-hidden />
        {t(robot ? "resume.button" : "resume.button_all")}
      </Button>
      <ResumeDialog robot={open ? robot : undefined} onClose={() => setOpen(false)} />
    </>
  );
}

function useStopped(): string[] {
  const { data: fleet = [] } = useFleet();
  return fleet.filter((robot) => robot.emergency_stopped).map((robot) => robot.robot_id);
}

const namedAtOnce = 12;

function ResumeForm({ robots, onDone }: { robots: string[]; onDone: () => void }) {
  const t = useT();
  const resume = useResume();
  // The list must not change under the hand of somebody who has just looked at these robots.
  const [chosen] = useState(robots);
  const name = useRobotName();
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const failed = resume.data?.filter((command) => command.status !== "done" && command.status !== "sent") ?? [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!checked) return;
    const left = failed.length > 0 ? failed.map((command) => command.robot_id) : chosen;
    resume.mutate(
      { robots: left, reason: reason.trim() },
      {
        onSuccess: (commands) => {
          if (commands.every(({ status }) => status === "done" || status === "sent")) onDone();
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {resume.isError && (
        <Notice tone="critical" role="alert">
          {errorText(resume.error)}
        </Notice>
      )}
      {failed.length > 0 && (
        <Notice tone="critical" role="alert">
          {t("resume.failed", {
            n: failed.length,
            detail: failed.map((command) => `${name(command.robot_id)}: ${command.message}`).join("; "),
          })}
        </Notice>
      )}
      {chosen.length > 1 && (
        <p className="text-ink-2">
          {chosen.slice(0, namedAtOnce).map(name).join(", ")}
          {chosen.length > namedAtOnce && ` ${t("stop.more_robots", { n: chosen.length - namedAtOnce })}`}
        </p>
      )}
      <Field
        label={t("resume.reason")}
        hint={t("resume.reason_hint")}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <label className="inline-flex min-h-9 items-center gap-2">
        <input
          type="checkbox"
          checked={checked}
          onChange={(event) => setChecked(event.target.checked)}
          className="size-4 accent-accent"
        />
        {t(chosen.length > 1 ? "resume.checked_all" : "resume.checked")}
      </label>
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t("action.cancel")}</Button>
        <Button type="submit" look="primary" disabled={!checked || chosen.length === 0} busy={resume.isPending}>
          {t(chosen.length > 1 ? "resume.do_all" : "resume.do")}
        </Button>
      </div>
    </form>
  );
}
