import { useParams } from "@tanstack/react-router";
import { Circle, CircleDot, SquareTerminal } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { useRobot } from "@/api/robots";
import { useMay } from "@/api/role";
import { terminalTicket, terminalURL, useAccess } from "@/api/terminal";
import type { Summary } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { cn } from "@/parts/cn";
import { Notice } from "@/parts/Notice";
import { EmptyState } from "@/parts/states";
import { stopModifier } from "@/shell/stop";
import { HostKeyDialog } from "./HostKeyDialog";
import { SignInForm } from "./SignInForm";
import { Shell, type ShellState } from "./shell";
import { useXterm } from "./useXterm";

/** A shell on the robot. */
export function TerminalPage() {
  const t = useT();
  const { robot: id } = useParams({ from: "/shell/robots/$robot" });
  const { data: robot } = useRobot(id);
  const opens = useMay("open_terminal");
  if (!opens) {
    return (
      <EmptyState icon={<SquareTerminal aria-hidden />} title={t("state.forbidden")}>
        {t("terminal.forbidden")}
      </EmptyState>
    );
  }
  return robot ? <RobotTerminal robot={robot} /> : null;
}

function RobotTerminal({ robot }: { robot: Summary }) {
  const t = useT();
  const id = robot.robot_id;
  const access = useAccess(id, true);
  const write = useRef<(text: string) => void>(undefined);
  const shell = useMemo(
    () =>
      new Shell({
        ticket: () => terminalTicket(id),
        open: () => new WebSocket(terminalURL(id)),
        output: (text) => write.current?.(text),
      }),
    [id],
  );
  const state = useSyncExternalStore(shell.subscribe, shell.current);
  const input = useCallback((data: string) => shell.input(data), [shell]);
  const resize = useCallback((cols: number, rows: number) => shell.resize(cols, rows), [shell]);
  const [place, xterm] = useXterm(input, resize);
  useEffect(() => () => shell.close(), [shell]);
  useEffect(() => {
    write.current = (text) => xterm?.write(text);
  }, [xterm]);
  const open = state.phase === "open";
  useEffect(() => {
    if (open) xterm?.focus();
  }, [open, xterm]);
  const resting = state.phase === "idle" || state.phase === "closed";
  return (
    <section aria-labelledby="terminal" className="card grid grid-cols-[minmax(0,1fr)] gap-3 p-4">
      <Status state={state} onEnd={() => shell.close()} />
      {state.error && (
        <Notice tone="critical" role="alert">
          {state.error}
        </Notice>
      )}
      {state.phase === "closed" && !state.error && !state.left && (
        <Notice role="status">
          {state.code === undefined ? t("terminal.broken") : t("terminal.ended", { code: state.code })}
        </Notice>
      )}
      {resting && (
        <SignInForm
          address={robot.ip_address || id}
          keyUser={access.data?.access?.public_key ? access.data.access.username : undefined}
          again={state.phase === "closed"}
          onOpen={(credentials) => {
            xterm?.reset();
            void shell.connect(credentials);
          }}
        />
      )}
      <section
        data-terminal
        aria-label={t("terminal.screen", { robot: robot.name || id })}
        className={cn(
          "h-[min(34rem,60dvh)] min-h-64 overflow-hidden rounded-lg border border-line bg-white p-2 font-mono dark:bg-[#0b0e13]",
          state.phase === "idle" && "hidden",
        )}
      >
        <div ref={place} className="size-full" />
      </section>
      {open && (
        <p className="text-ink-3 text-xs max-md:hidden">
          {t("terminal.keys", { paste: stopModifier() === "⌘" ? "⌘V" : "Ctrl+Shift+V", mod: stopModifier() })}
        </p>
      )}
      <HostKeyDialog
        robot={robot.name || id}
        hostKey={state.hostKey}
        onAccept={() => shell.accept()}
        onRefuse={() => shell.close()}
      />
    </section>
  );
}

function Status({ state, onEnd }: { state: ShellState; onEnd: () => void }) {
  const t = useT();
  const open = state.phase === "open";
  const busy = state.phase === "connecting" || state.phase === "asking";
  return (
    <div className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-2">
      <h2 id="terminal" className="font-semibold">
        {t("terminal.title")}
      </h2>
      <span role="status" className="inline-flex items-center gap-1.5 text-ink-2 text-xs">
        <Circle
          className={cn("size-2.5", open ? "fill-current text-ok" : busy ? "fill-current text-warn" : "text-ink-3")}
          aria-hidden
        />
        {t(`terminal.phase.${state.phase}`)}
      </span>
      {open && state.recorded && (
        <span className="inline-flex items-center gap-1.5 rounded-md bg-bad-soft px-2 py-0.5 font-medium text-bad text-xs">
          <CircleDot className="size-3.5" aria-hidden />
          {t("terminal.recorded")}
        </span>
      )}
      {(open || busy) && (
        <Button size="small" onClick={onEnd} className="ml-auto">
          {t("terminal.end")}
        </Button>
      )}
    </div>
  );
}
