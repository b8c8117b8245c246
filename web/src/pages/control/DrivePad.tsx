import { ArrowLeftToLine, ArrowRightToLine } from "lucide-react";
import { type FocusEvent, type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { useT } from "@/i18n/translate";
import { cn } from "@/parts/cn";
import type { Driver, DriverState } from "./driver";
import { Joystick } from "./Joystick";
import { fromKeys, isDriveKey, still } from "./motion";

interface Props {
  driver: Driver;
  state: DriverState;
  disabled: boolean;
}

/** Where a person drives: keys while it has the focus, and a stick for finger and mouse. */
export function DrivePad({ driver, state, disabled }: Props) {
  const t = useT();
  const held = useRef(new Set<string>());
  const [focused, setFocused] = useState(false);
  const press = (event: KeyboardEvent) => {
    // With such a key down the others' release may never be told: nothing drives from here on.
    if (event.ctrlKey || event.metaKey || event.altKey) held.current.clear();
    else {
      const shift = event.key === "Shift";
      if (disabled || (!shift && !isDriveKey(event.code))) return;
      event.preventDefault();
      event.stopPropagation(); // "d" drives and does not switch the theme
      if (event.repeat) return;
      if (!shift) held.current.add(event.code);
    }
    driver.move("keys", fromKeys(held.current, event.shiftKey));
  };
  // A release counts always, also while driving is not allowed or another key is down.
  const release = (event: KeyboardEvent) => {
    held.current.delete(event.code);
    driver.move("keys", fromKeys(held.current, event.shiftKey));
  };
  const leave = (event: FocusEvent) => {
    if (event.currentTarget.contains(event.relatedTarget)) return;
    held.current.clear();
    setFocused(false);
    driver.rest();
    driver.move("keys", still); // no key up will come here
  };
  return (
    <div
      role="application"
      aria-label={t("drive.pad")}
      aria-disabled={disabled}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys that drive
      tabIndex={0}
      onKeyDown={press}
      onKeyUp={release}
      onFocus={() => setFocused(true)}
      onBlur={leave}
      className={cn(
        "grid justify-items-center gap-4 rounded-xl border border-line bg-ground/50 p-4",
        focused && !disabled && "border-accent",
      )}
    >
      <div className="flex items-center gap-3">
        <Step driver={driver} disabled={disabled} side={1} />
        <Joystick disabled={disabled} motion={state.motion} onMove={(motion) => driver.move("stick", motion)} />
        <Step driver={driver} disabled={disabled} side={-1} />
      </div>
      <div className="grid justify-items-center gap-2 text-ink-3 text-xs max-md:hidden">
        <p className={cn(focused && !disabled && "font-medium text-accent")}>
          {t(focused ? "drive.keys_on" : "drive.focus")}
        </p>
        <p className="flex flex-wrap justify-center gap-x-4 gap-y-1.5">
          <Keys keys={["W", "S"]}>{t("drive.key_walk")}</Keys>
          <Keys keys={["Q", "E"]}>{t("drive.key_turn")}</Keys>
          <Keys keys={["A", "D"]}>{t("drive.key_aside")}</Keys>
          <Keys keys={["⇧"]}>{t("drive.key_slow")}</Keys>
        </p>
      </div>
    </div>
  );
}

function Keys({ keys, children }: { keys: readonly string[]; children: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1">
      {keys.map((key) => (
        <kbd key={key} className="min-w-5 rounded border border-line-strong bg-surface px-1 text-center font-sans">
          {key}
        </kbd>
      ))}
      {children}
    </span>
  );
}

/** Steps aside for as long as it is held. */
function Step({ driver, disabled, side }: { driver: Driver; disabled: boolean; side: 1 | -1 }) {
  const t = useT();
  const Icon = side > 0 ? ArrowLeftToLine : ArrowRightToLine;
  const release = () => driver.move("step", still);
  return (
    <button
      type="button"
      disabled={disabled}
      aria-label={t(side > 0 ? "drive.left" : "drive.right")}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        driver.move("step", { ...still, strafe: side });
      }}
      onPointerUp={release}
      onPointerCancel={release}
      onLostPointerCapture={release}
      onContextMenu={(event) => event.preventDefault()}
      className="grid size-14 touch-none select-none place-items-center rounded-xl border border-line-strong bg-surface text-ink-2 hover:bg-sunken active:border-accent active:text-accent disabled:opacity-50"
    >
      <Icon className="size-5" aria-hidden />
    </button>
  );
}
