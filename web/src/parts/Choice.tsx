import { ChevronDown } from "lucide-react";
import { useId } from "react";
import { cn } from "./cn";
import { inputLook } from "./Field";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  choices: readonly (readonly [value: string, text: string])[];
  error?: string | undefined;
  disabled?: boolean;
}

/** A labelled choice of a form, with its error. */
export function Choice({ label, value, onChange, choices, error, disabled }: Props) {
  const id = useId();
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={id} className="font-medium text-ink-2 text-xs">
        {label}
      </label>
      <span className="relative">
        <select
          id={id}
          value={value}
          disabled={disabled}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-note` : undefined}
          onChange={(event) => onChange(event.target.value)}
          className={cn(inputLook, "appearance-none truncate pr-8 disabled:opacity-60")}
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
      {error && (
        <p id={`${id}-note`} className="text-bad text-xs">
          {error}
        </p>
      )}
    </div>
  );
}
