import { useQuery } from "@tanstack/react-query";
import { command as readCommand } from "@/api/command";
import type { Command } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";

const tones = { sent: "info", done: "ok", failed: "critical", expired: "warning", refused: "critical" } as const;

/** What became of a command, as soon as the robot answers. */
export function Outcome({ command, onClose }: { command: Command; onClose: () => void }) {
  const t = useT();
  const { data = command } = useQuery({
    queryKey: ["command", command.command_id],
    queryFn: () => readCommand(command.command_id),
    initialData: command,
    refetchInterval: (query) => (query.state.data?.status === "sent" ? 500 : false),
  });
  return (
    <div className="grid gap-4">
      <Notice tone={tones[data.status]} role="status">
        <p className="font-medium">{t(`jobs.outcome.${data.status}`)}</p>
        {data.message && <p className="text-ink-2">{data.message}</p>}
      </Notice>
      <Button className="justify-self-end" onClick={onClose}>
        {t("action.close")}
      </Button>
    </div>
  );
}
