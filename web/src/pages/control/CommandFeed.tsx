import { useCatalogue, useCommands } from "@/api/control";
import { useT } from "@/i18n/translate";
import { ErrorState, Skeleton } from "@/parts/states";
import { CommandRow } from "./CommandRow";

const shown = 30;

/** What anybody sent to the robot, and what became of it, as it happens. */
export function CommandFeed({ robot }: { robot: string }) {
  const t = useT();
  const { commands, error, isPending } = useCommands(robot);
  const { data: catalogue = [] } = useCatalogue();
  return (
    <section aria-labelledby="commands" className="card flex min-h-48 flex-1 flex-col overflow-hidden">
      <h2 id="commands" className="px-4 pt-4 pb-2 font-semibold">
        {t("commands.title")}
      </h2>
      {isPending && commands.length === 0 && (
        <div role="status" className="grid gap-2 px-4 pb-4">
          <span className="sr-only">{t("state.loading")}</span>
          <Skeleton className="h-9" />
          <Skeleton className="h-9" />
        </div>
      )}
      {error && commands.length === 0 ? <ErrorState error={error} className="m-4 mt-0" /> : null}
      {!isPending && !error && commands.length === 0 && <p className="px-4 pb-4 text-ink-3">{t("commands.none")}</p>}
      {commands.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        <ul tabIndex={0} aria-labelledby="commands" className="max-h-96 flex-1 overflow-y-auto px-2 pb-2">
          {commands.slice(0, shown).map((command) => (
            <CommandRow key={command.command_id} command={command} catalogue={catalogue} />
          ))}
        </ul>
      )}
    </section>
  );
}
