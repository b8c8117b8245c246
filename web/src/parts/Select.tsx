import { ChevronDown } from "lucide-react";
import { cn } from "./cn";

interface Props<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  choices: readonly (readonly [T, string])[];
  className?: string;
}

/** A choice from a short list: the browser's own, which phones and screen readers know best. */
export function Select<T extends string>({ label, value, onChange, choices, className }: Props<T>) {
  return (
    <span className={cn("relative inline-flex", className)}>
      <select
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
        className="h-9 w-full appearance-none rounded-lg border border-line-strong bg-surface pr-8 pl-3 text-sm max-md:h-11"
      >
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
      <ChevronDown
        aria-hidden
        className="pointer-events-none absolute top-1/2 right-2.5 size-4 -translate-y-1/2 text-ink-3"
      />
    </span>
  );
}
