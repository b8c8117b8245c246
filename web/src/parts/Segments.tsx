import type { ReactNode } from "react";
import { cn } from "./cn";

interface Props<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  choices: readonly (readonly [value: T, content: ReactNode, name?: string])[];
  className?: string;
}

/** A few choices side by side, of which one holds. */
export function Segments<T extends string>({ label, value, onChange, choices, className }: Props<T>) {
  return (
    <fieldset className={cn("flex min-w-0 shrink-0 rounded-lg border border-line-strong bg-surface p-0.5", className)}>
      <legend className="sr-only">{label}</legend>
      {choices.map(([choice, content, name]) => (
        <button
          key={choice}
          type="button"
          aria-pressed={choice === value}
          aria-label={name}
          title={name}
          onClick={() => onChange(choice)}
          className="inline-flex h-7.5 items-center gap-1.5 whitespace-nowrap rounded-md px-2.5 font-medium text-ink-2 text-xs hover:text-ink aria-pressed:bg-accent-soft aria-pressed:text-accent max-md:h-9.5 max-md:px-3 [&_svg]:size-4"
        >
          {content}
        </button>
      ))}
    </fieldset>
  );
}
