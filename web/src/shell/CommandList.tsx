import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useFleet } from "@/api/robots";
import { useSession } from "@/api/session";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import { StatusDot, statusOf } from "@/parts/StatusDot";
import { allCommands, type Command, matching } from "./commands";
import { useOpenRobot, useStop } from "./stop";

/** The input and list of the palette: type, choose by arrow keys, Enter. */
export function CommandList({ onDone }: { onDone: () => void }) {
  const t = useT();
  const id = useId();
  const navigate = useNavigate();
  const state = useSession();
  const { data: fleet = [] } = useFleet();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const stop = useStop();
  const open = useOpenRobot();
  const commands = useMemo(
    () => matching(allCommands(state, fleet, t, stop, open), query),
    [state, fleet, t, stop, open, query],
  );
  const chosen = Math.min(at, commands.length - 1);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice may lie outside of what is seen
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    onDone();
    if (command.go) void navigate(command.go);
    command.run?.();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((chosen + step + commands.length) % Math.max(1, commands.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(commands[chosen]);
    }
  };
  return (
    <div>
      <div className="flex items-center gap-3 border-line border-b px-4">
        <Search className="size-4 text-ink-3" aria-hidden />
        <input
          // biome-ignore lint/a11y/noAutofocus: the window was opened to type in it
          autoFocus
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={commands.length > 0 ? `${id}-${chosen}` : undefined}
          aria-label={t("palette.title")}
          placeholder={t("palette.placeholder")}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={press}
          className="h-12 flex-1 bg-transparent text-base outline-none placeholder:text-ink-3"
        />
      </div>
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={t("palette.title")}
        className="max-h-[50vh] overflow-y-auto p-1.5"
      >
        {commands.length === 0 && <p className="px-3 py-8 text-center text-ink-3">{t("palette.none")}</p>}
        {commands.map((command, i) => (
          <div key={command.id}>
            {command.group !== commands[i - 1]?.group && (
              <p role="presentation" className="px-2.5 pt-2 pb-1 font-medium text-ink-3 text-xs">
                {t(command.group)}
              </p>
            )}
            <Row
              id={`${id}-${i}`}
              command={command}
              chosen={i === chosen}
              onPoint={() => setAt(i)}
              onRun={() => run(command)}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  id: string;
  command: Command;
  chosen: boolean;
  onPoint: () => void;
  onRun: () => void;
}

function Row({ id, command, chosen, onPoint, onRun }: RowProps) {
  const { data: fleet = [] } = useFleet();
  const robot =
    command.group === "palette.robots" ? fleet.find((each) => command.id === `robot ${each.robot_id}`) : undefined;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      onPointerMove={onPoint}
      onClick={onRun}
      className={cn("flex h-10 cursor-pointer items-center gap-3 rounded-lg px-2.5", chosen && "bg-accent-soft")}
    >
      {command.Icon && <command.Icon className="size-4 text-ink-3" aria-hidden />}
      {robot && <StatusDot status={statusOf(robot)} bare className="w-4 justify-center" />}
      <span className="truncate">{command.text}</span>
      <span className="ml-auto truncate text-ink-3 text-xs">{command.hint}</span>
    </div>
  );
}
