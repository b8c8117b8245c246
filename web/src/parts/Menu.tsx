import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";

const panel = "z-50 min-w-56 rounded-xl border border-line bg-surface p-1.5 shadow-float";
const row =
  "flex h-9 w-full select-none items-center gap-2.5 rounded-lg px-2.5 text-sm outline-none max-md:h-11 data-[highlighted]:bg-sunken data-[disabled]:opacity-50 [&>svg]:size-4 [&>svg]:text-ink-3";

/** A menu that hangs on a button. */
export function Menu({ trigger, children, label }: { trigger: ReactNode; children: ReactNode; label?: string }) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content align="end" sideOffset={6} collisionPadding={8} aria-label={label} className={panel}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function MenuItem({
  onSelect,
  children,
  danger = false,
}: {
  onSelect: () => void;
  children: ReactNode;
  danger?: boolean;
}) {
  return (
    <Radix.Item onSelect={onSelect} className={cn(row, danger && "text-bad [&>svg]:text-bad")}>
      {children}
    </Radix.Item>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2.5 pt-2 pb-1 font-medium text-ink-3 text-xs">{children}</Radix.Label>;
}

export function MenuSeparator() {
  return <Radix.Separator className="-mx-1.5 my-1.5 h-px bg-line" />;
}

/** Some choices of which one holds. */
export function MenuChoice<T extends string>({
  value,
  onChange,
  choices,
}: {
  value: T;
  onChange: (value: T) => void;
  choices: readonly (readonly [T, ReactNode])[];
}) {
  return (
    <Radix.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      {choices.map(([choice, label]) => (
        <Radix.RadioItem key={choice} value={choice} className={row}>
          {label}
          <Radix.ItemIndicator className="ml-auto">
            <Check className="size-4 text-accent" aria-hidden />
          </Radix.ItemIndicator>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}
