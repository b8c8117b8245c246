import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useFleet } from "@/api/robots";
import { useServer } from "@/api/server";
import { useT } from "@/i18n/translate";
import { useConnection, useWatch } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { cn } from "@/parts/cn";
import { Logo } from "@/parts/Logo";
import { StatusDot } from "@/parts/StatusDot";
import { AccountMenu } from "./AccountMenu";
import { Bell } from "./Bell";
import { openPalette } from "./overlay";
import { StopControl } from "./StopControl";

// A fleet of this size is followed live on every page; a larger one only where it is looked at.
const followed = 200;

export function TopBar() {
  const t = useT();
  const server = useServer();
  const { data: fleet = [] } = useFleet();
  useWatch({ alerts: true, commands: true, fleet: fleet.length <= followed });
  return (
    <header className="shaded sticky top-0 z-45 flex h-14 items-center gap-2 border-line border-b bg-surface/95 px-3 backdrop-blur sm:gap-4 sm:px-5">
      <Link to="/" aria-label="TonyPi" className="rounded-lg md:hidden">
        <Logo />
      </Link>
      <FleetCounts online={fleet.filter((robot) => robot.online).length} all={fleet.length} />
      <Live />
      {server.data?.demo && (
        <span className="rounded-md border border-accent/40 px-1.5 max-sm:hidden py-0.5 font-medium text-accent text-xs">
          {t("demo.badge")}
        </span>
      )}
      <div className="ml-auto flex items-center gap-1 sm:gap-2">
        <Button onClick={openPalette} className="text-ink-3 max-lg:hidden lg:w-52 lg:justify-start">
          <Search aria-hidden />
          {t("palette.open")}
          <kbd className="ml-auto rounded border border-line px-1.5 font-sans text-[0.6875rem] text-ink-3">⌘K</kbd>
        </Button>
        <Button look="ghost" size="icon" onClick={openPalette} aria-label={t("palette.open")} className="lg:hidden">
          <Search aria-hidden />
        </Button>
        <Bell />
        <AccountMenu />
        <StopControl />
      </div>
    </header>
  );
}

function FleetCounts({ online, all }: { online: number; all: number }) {
  const t = useT();
  return (
    <p className="flex items-center gap-3 whitespace-nowrap text-ink-2 text-xs">
      <span className="inline-flex items-center gap-1.5">
        <StatusDot status="online" bare />
        <span className="max-sm:hidden">{t("top.online", { n: online })}</span>
        <span className="sm:hidden" aria-hidden>
          {online}
        </span>
      </span>
      <span className="inline-flex items-center gap-1.5">
        <StatusDot status="offline" bare />
        <span className="max-sm:hidden">{t("top.offline", { n: all - online })}</span>
        <span className="sm:hidden" aria-hidden>
          {all - online}
        </span>
      </span>
    </p>
  );
}

/** The live connection in one word; a full ring when it is open, a broken one when not. */
function Live() {
  const t = useT();
  const { phase } = useConnection();
  return (
    <span
      role="status"
      className={cn(
        "inline-flex items-center gap-1.5 whitespace-nowrap rounded-full border px-2 py-0.5 font-medium text-xs",
        phase === "open" ? "border-line text-ink-2" : "border-warn/40 border-dashed bg-warn-soft text-warn",
      )}
    >
      <span className={cn("size-2 rounded-full", phase === "open" ? "bg-ok" : "border-2 border-current")} aria-hidden />
      <span className={cn(phase !== "open" && "max-sm:sr-only")}>{t(`live.${phase}`)}</span>
    </span>
  );
}
