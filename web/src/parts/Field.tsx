import { type ComponentProps, useId } from "react";
import { cn } from "./cn";

interface Props extends ComponentProps<"input"> {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  end?: React.ReactNode;
  /** Texts to choose from; others may be typed as well. */
  options?: readonly string[] | undefined;
}

export const inputLook =
  "h-10 w-full rounded-lg border border-line-strong bg-surface px-3 text-sm text-ink placeholder:text-ink-3 aria-invalid:border-bad max-md:h-11 max-md:text-base";

/** A labelled input with its hint and error. */
export function Field({ label, hint, error, end, options, className, ...rest }: Props) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={cn("grid gap-1.5", className)}>
      <label htmlFor={id} className="font-medium text-ink-2 text-xs">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          aria-invalid={error ? true : undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          list={options ? `${id}-options` : undefined}
          className={cn(inputLook, end ? "pr-11" : null)}
          {...rest}
        />
        {options && (
          <datalist id={`${id}-options`}>
            {options.map((option) => (
              <option key={option} value={option} />
            ))}
          </datalist>
        )}
        {end}
      </div>
      {note && (
        <p id={`${id}-note`} className={cn("text-xs", error ? "text-bad" : "text-ink-3")}>
          {note}
        </p>
      )}
    </div>
  );
}
