import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { cn } from "./cn";
import { inputLook } from "./Field";

const pause = 250;

interface Props {
  label: string;
  value: string;
  /** Called a moment after the last key, so that the server is not asked at every key. */
  onChange: (value: string) => void;
  className?: string;
}

/** A search field. */
export function SearchInput({ label, value, onChange, className }: Props) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(value);
  // The URL may change by itself: the way back, or filters that are cleared.
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    clearTimeout(timer.current);
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      sent.current = next;
      onChange(next);
    }, pause);
  };
  return (
    <div className={cn("relative min-w-44", className)}>
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-ink-3" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        maxLength={100}
        value={text}
        onChange={(event) => type(event.target.value)}
        className={cn(inputLook, "h-9 pl-9")}
      />
    </div>
  );
}
