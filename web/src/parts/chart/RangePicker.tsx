import { CalendarRange, Pause, Play, ZoomOut } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { exact } from "@/format/time";
import { useT } from "@/i18n/translate";
import { useNow } from "@/live/hooks";
import { Button } from "@/parts/Button";
import { Segments } from "@/parts/Segments";
import { Select } from "@/parts/Select";
import { CustomRange } from "./CustomRange";
import { defaultPreset, type Preset, presets } from "./range";
import { zone } from "./ticks";
import type { Range } from "./useRange";

/** Chooses the time that the charts of a page show; one press stops and resumes the movement. */
export function RangePicker({ range, busy }: { range: Range; busy?: boolean }) {
  const t = useT();
  const now = useNow();
  const { span, search } = range;
  const value = span.live ? (search.range ?? defaultPreset) : "custom";
  const names = presets.map((preset) => [preset, t(`range.${preset}`)] as const);
  const short = (time: number) => exact(time).replace(/[.,]\d{3}/, "");
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segments<Preset | "custom">
        label={t("range.label")}
        value={value}
        onChange={(next) => next !== "custom" && range.preset(next)}
        choices={names}
        className="max-md:hidden"
      />
      <Select<Preset | "custom">
        label={t("range.label")}
        value={value}
        onChange={(next) => next !== "custom" && range.preset(next)}
        choices={span.live ? names : [["custom", t("range.custom")], ...names]}
        className="md:hidden"
      />
      <Custom range={range} />
      <Button onClick={span.live ? range.pause : range.resume} className="md:w-28">
        {span.live ? <Pause aria-hidden /> : <Play aria-hidden />}
        {t(span.live ? "range.pause" : "range.resume")}
      </Button>
      <Button size="icon" disabled={span.live} aria-label={t("range.out")} title={t("range.out")} onClick={range.back}>
        <ZoomOut aria-hidden />
      </Button>
      <p className="ml-auto min-w-0 truncate text-ink-3 text-xs max-md:ml-0 max-md:w-full" role="status">
        {span.live ? t("range.zone", { zone: zone(now) }) : `${short(span.from)} – ${short(span.to)}`}
        {busy ? ` · ${t("range.refining")}` : ""}
      </p>
    </div>
  );
}

function Custom({ range }: { range: Range }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button size="icon" aria-label={t("range.custom")} title={t("range.custom")} aria-pressed={!range.span.live}>
          <CalendarRange aria-hidden />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={6}
          collisionPadding={8}
          aria-label={t("range.custom")}
          className="z-50 w-72 rounded-xl border border-line bg-surface p-4 shadow-float"
        >
          <CustomRange range={range} onDone={() => setOpen(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
