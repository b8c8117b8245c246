import { Ban, CheckCircle2, ChevronDown, Clock, LoaderCircle, type LucideIcon, XCircle } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import type { Command, CommandSpec } from "@/api/types";
import { milliseconds } from "@/format/number";
import { exact, parseTime } from "@/format/time";
import { useT } from "@/i18n/translate";
import { Age } from "@/parts/Age";
import { cn } from "@/parts/cn";
import { commandTitle, gist, hops, parameterText, wholeTime } from "./commands";

const signs: Record<Command["status"], { Icon: LucideIcon; ink: string }> = {
  sent: { Icon: LoaderCircle, ink: "text-accent motion-safe:animate-spin" },
  done: { Icon: CheckCircle2, ink: "text-ok" },
  failed: { Icon: XCircle, ink: "text-bad" },
  expired: { Icon: Clock, ink: "text-warn" },
  refused: { Icon: Ban, ink: "text-warn" },
};

/** One command in a line, and how it went when somebody asks. */
export function CommandRow({ command, catalogue }: { command: Command; catalogue: readonly CommandSpec[] }) {
  const t = useT();
  const id = useId();
  const [open, setOpen] = useState(false);
  const { Icon, ink } = signs[command.status];
  const title = commandTitle(command.type, catalogue, t);
  const text = gist(command);
  return (
    <li className="rounded-lg hover:bg-sunken/60">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="flex min-h-9 w-full items-center gap-x-2.5 rounded-lg max-sm:flex-wrap px-2 py-1.5 text-left max-md:min-h-11"
      >
        <Icon className={cn("size-4 shrink-0", ink)} aria-hidden />
        <span className="shrink-0 font-medium">{title}</span>
        <span className={cn("shrink-0 text-xs", command.status === "done" ? "text-ink-3" : "font-medium text-ink-2")}>
          {t(`commands.${command.status}`)}
        </span>
        <span className="min-w-0 flex-1 truncate text-ink-3 max-sm:order-1 max-sm:basis-full max-sm:pl-6.5 max-sm:empty:hidden">
          {text}
        </span>
        <span className="shrink-0 text-ink-3 text-xs max-sm:hidden">{command.by}</span>
        <Age
          time={parseTime(command.created_at)}
          className="w-20 shrink-0 text-right text-ink-3 text-xs max-sm:ml-auto"
        />
        <ChevronDown
          className={cn("size-4 shrink-0 text-ink-3 transition-transform", open && "rotate-180")}
          aria-hidden
        />
      </button>
      {open && (
        <div id={id}>
          <Details command={command} />
        </div>
      )}
    </li>
  );
}

function Details({ command }: { command: Command }) {
  const t = useT();
  return (
    <div className="grid gap-3 px-2 pt-1 pb-3 pl-8.5">
      <Hops command={command} />
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-xs">
        <Fact name={t("commands.by", { name: command.by })}>{exact(parseTime(command.created_at))}</Fact>
        {command.reason && <Fact name={t("commands.reason")}>{command.reason}</Fact>}
        {command.message && <Fact name={t("commands.answer")}>{command.message}</Fact>}
        {Object.keys(command.parameters).length > 0 && (
          <Fact name={t("commands.parameters")}>{parameterText(command.parameters)}</Fact>
        )}
        <Fact name={t("commands.id")}>
          <span className="break-all font-mono">{command.command_id}</span>
        </Fact>
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

/** The way of a command as bars on one time axis. */
function Hops({ command }: { command: Command }) {
  const t = useT();
  const steps = hops(command);
  const whole = wholeTime(command);
  if (steps.length === 0) return null;
  const sum = Math.max(
    1,
    steps.reduce((all, step) => all + step.ms, 0),
  );
  let before = 0;
  return (
    <dl aria-label={t("commands.times")} className="grid gap-1 text-xs">
      {steps.map((step) => {
        const left = (before / sum) * 100;
        before += step.ms;
        return (
          <div key={step.label} className="grid grid-cols-[10.5rem_minmax(0,1fr)_4rem] items-center gap-3">
            <dt className="truncate text-ink-3">{t(step.label)}</dt>
            <dd aria-hidden className="h-1.5 rounded-full bg-line">
              <span
                className="block h-full min-w-1 rounded-full bg-accent"
                style={{ marginLeft: `${Math.min(left, 99)}%`, width: `${(step.ms / sum) * 100}%` }}
              />
            </dd>
            <dd className="text-right">{milliseconds(step.ms)}</dd>
          </div>
        );
      })}
      <div className="flex justify-end gap-2 text-ink-3">
        {command.stop_ms !== undefined && (
          <>
            <dt>{t("hop.body")}</dt>
            <dd className="mr-3">{milliseconds(command.stop_ms)}</dd>
          </>
        )}
        {whole !== undefined && (
          <>
            <dt>{t("hop.all")}</dt>
            <dd className="font-medium text-ink">{milliseconds(whole)}</dd>
          </>
        )}
      </div>
    </dl>
  );
}
