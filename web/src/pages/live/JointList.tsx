import { jointName } from "@/format/joint";
import { withUnit } from "@/format/number";
import { heat, heatColor } from "@/format/temperature";
import { useT } from "@/i18n/translate";
import { type Joint, joints } from "@/parts/body/joints";
import { cn } from "@/parts/cn";
import type { JointState, JointStates } from "./pose";

interface Props {
  states: JointStates;
  chosen: Joint | undefined;
  onChoose: (joint: Joint | undefined) => void;
  stale: boolean;
}

/** Every joint that the robot reports, from head to foot; choosing one shows it in the figure. */
export function JointList({ states, chosen, onChoose, stale }: Props) {
  const t = useT();
  const known = joints.toReversed().flatMap((joint) => states.get(joint) ?? []);
  if (known.length === 0) return null;
  return (
    <ul
      aria-label={t("live.joints")}
      className={cn(
        "grid grid-cols-[minmax(0,1fr)] content-center sm:max-lg:grid-cols-[repeat(2,minmax(0,1fr))] max-lg:gap-x-4",
        stale && "stale",
      )}
    >
      {known.map((state) => (
        <Row key={state.joint} state={state} chosen={state.joint === chosen} onChoose={onChoose} />
      ))}
    </ul>
  );
}

interface RowProps {
  state: JointState;
  chosen: boolean;
  onChoose: Props["onChoose"];
}

function Row({ state: { joint, angle, celsius }, chosen, onChoose }: RowProps) {
  const t = useT();
  const level = celsius === undefined ? "calm" : heat(celsius);
  return (
    <li>
      <button
        type="button"
        aria-pressed={chosen}
        onClick={() => onChoose(chosen ? undefined : joint)}
        onFocus={() => onChoose(joint)}
        onBlur={() => onChoose(undefined)}
        onPointerEnter={() => onChoose(joint)}
        onPointerLeave={() => onChoose(undefined)}
        className="flex h-6.5 w-full items-center gap-1.5 rounded-md px-1.5 text-left text-xs aria-pressed:bg-accent-soft max-md:h-9"
      >
        <span
          aria-hidden
          className="size-2 shrink-0 rounded-full"
          style={{ background: celsius === undefined ? "var(--line-strong)" : heatColor(celsius) }}
        />
        <span className="min-w-0 flex-1 truncate text-ink-2">{jointName(joint, t)}</span>
        <span className="w-9 shrink-0 text-right text-ink-3 max-sm:hidden">{withUnit(angle, "°", 0)}</span>
        <span
          className={cn(
            "w-10 shrink-0 text-right font-medium",
            level === "hot" && "text-warn",
            level === "critical" && "text-bad",
          )}
        >
          {level === "hot" || level === "critical" ? "▲" : ""}
          {withUnit(celsius, "°", 0)}
        </span>
      </button>
    </li>
  );
}
