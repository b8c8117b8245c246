import type { ComponentProps } from "react";
import { cn } from "./cn";

const looks = {
  primary: "bg-accent text-accent-ink hover:brightness-110 border-transparent",
  plain: "bg-surface text-ink border-line-strong hover:bg-sunken",
  ghost: "bg-transparent text-ink-2 border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-surface text-bad border-bad/50 hover:bg-bad-soft",
};

const sizes = {
  small: "h-8 px-2.5 text-xs gap-1.5",
  normal: "h-9 px-3.5 text-sm gap-2",
  icon: "size-9 justify-center",
};

export interface ButtonProps extends ComponentProps<"button"> {
  look?: keyof typeof looks;
  size?: keyof typeof sizes;
  busy?: boolean;
}

export function Button({ look = "plain", size = "normal", busy = false, className, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      disabled={disabled || busy}
      className={cn(
        "inline-flex shrink-0 select-none whitespace-nowrap items-center justify-center rounded-lg border font-medium transition-colors disabled:opacity-50 max-md:min-h-11 [&_svg]:size-4 [&_svg]:shrink-0",
        looks[look],
        sizes[size],
        size === "icon" && "max-md:min-w-11",
        className,
      )}
      {...rest}
    />
  );
}
