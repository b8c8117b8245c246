import {
  Bot,
  Camera,
  Footprints,
  Info,
  Lightbulb,
  type LucideIcon,
  Music,
  PersonStanding,
  Power,
  ScanEye,
  Settings2,
  Sparkles,
} from "lucide-react";
import { useState } from "react";
import { asked, useCatalogue, useSendCommand } from "@/api/control";
import { errorText } from "@/api/error";
import type { CommandSpec, Lease, Summary } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Dialog } from "@/parts/Dialog";
import { Notice } from "@/parts/Notice";
import { ErrorState, Skeleton } from "@/parts/states";
import { CommandForm } from "./CommandForm";
import { commandTitle, type Group, groupSpecs } from "./commands";
import { HeadPad, headSpec } from "./HeadPad";
import { SpecButtons } from "./SpecButtons";

const signs: Record<Group["group"], LucideIcon> = {
  move: Footprints,
  posture: PersonStanding,
  action: Sparkles,
  head: ScanEye,
  servo: Settings2,
  sound: Music,
  light: Lightbulb,
  camera: Camera,
  job: Bot,
  status: Info,
  system: Power,
};

interface Props {
  robot: Summary;
  lease: Lease | undefined;
}

/** Everything that a robot can be told, by groups, as the server's catalogue has it. */
export function ActionPanel({ robot, lease }: Props) {
  const t = useT();
  const catalogue = useCatalogue();
  const [chosen, setChosen] = useState<CommandSpec>();
  const send = useSendCommand(robot.robot_id);
  if (catalogue.isError && !catalogue.data) {
    return <ErrorState error={catalogue.error} retry={() => void catalogue.refetch()} />;
  }
  const original = robot.agent === "";
  const groups = groupSpecs(catalogue.data ?? [], original);
  const held = lease?.holder !== undefined && lease.holder !== "" && !lease.mine;
  const off = (spec: CommandSpec) => !robot.online || (spec.motion && (robot.emergency_stopped || held));
  const head = headSpec(catalogue.data ?? []);
  return (
    <section aria-labelledby="actions" className="card grid gap-4 p-4">
      <h2 id="actions" className="font-semibold">
        {t("actions.title")}
      </h2>
      {original && <p className="text-ink-3 text-xs">{t("actions.all_original")}</p>}
      {send.isError && (
        <Notice tone="critical" role="alert">
          {t("actions.not_sent", { detail: errorText(send.error) })}
        </Notice>
      )}
      {catalogue.isPending && <Loading />}
      {groups.map(({ group, specs }) => (
        <ActionGroup key={group} group={group}>
          {specs
            .filter((spec) => spec !== head)
            .map((spec) => (
              <SpecButtons
                key={spec.type}
                spec={spec}
                title={commandTitle(spec.type, catalogue.data ?? [], t)}
                disabled={off(spec)}
                onSend={(parameters) => send.mutate(asked({ type: spec.type, parameters }))}
                onAsk={() => setChosen(spec)}
              />
            ))}
          {group === "head" && head && <HeadPad robot={robot.robot_id} spec={head} disabled={off(head)} />}
        </ActionGroup>
      ))}
      <Dialog
        open={chosen !== undefined}
        onClose={() => setChosen(undefined)}
        title={chosen ? commandTitle(chosen.type, catalogue.data ?? [], t) : ""}
      >
        {chosen && <CommandForm robot={robot.robot_id} spec={chosen} onDone={() => setChosen(undefined)} />}
      </Dialog>
    </section>
  );
}

function ActionGroup({ group, children }: { group: Group["group"]; children: React.ReactNode }) {
  const t = useT();
  const Icon = signs[group];
  return (
    <div className="grid gap-2 sm:grid-cols-[7.5rem_minmax(0,1fr)]">
      <h3 className="flex items-center gap-2 self-start font-medium text-ink-2 text-xs sm:h-8">
        <Icon className="size-4 text-ink-3" aria-hidden />
        {t(`group.${group}`)}
      </h3>
      <div className="flex flex-wrap gap-2">{children}</div>
    </div>
  );
}

function Loading() {
  const t = useT();
  return (
    <div role="status" className="grid gap-3">
      <span className="sr-only">{t("state.loading")}</span>
      <Skeleton className="h-8" />
      <Skeleton className="h-8 w-4/5" />
      <Skeleton className="h-8 w-2/3" />
    </div>
  );
}
