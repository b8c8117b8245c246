import { useEffect, useRef, useState } from "react";
import { useT } from "@/i18n/translate";
import { Button, type ButtonProps } from "./Button";

interface Props extends Omit<ButtonProps, "onClick"> {
  onConfirm: () => void;
  /** What the second press says; "Really?" if it is left out. */
  question?: string;
}

const patience = 4000;

/** A button for what cannot be undone: the first press asks, a second one within four seconds does it. */
export function ConfirmButton({ onConfirm, question, children, look = "danger", ...rest }: Props) {
  const t = useT();
  const [asking, setAsking] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const press = () => {
    clearTimeout(timer.current);
    if (asking) onConfirm();
    else timer.current = setTimeout(() => setAsking(false), patience);
    setAsking(!asking);
  };
  return (
    <Button look={look} onClick={press} onBlur={() => setAsking(false)} aria-live="polite" {...rest}>
      {asking ? (question ?? t("action.confirm")) : children}
    </Button>
  );
}
