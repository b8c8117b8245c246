import type { ReactNode } from "react";
import { useT } from "@/i18n/translate";
import { Button } from "./Button";

interface Props {
  onCancel: () => void;
  busy: boolean;
  disabled?: boolean;
  /** What the way out is called; "Cancel" if it is left out. */
  out?: string;
  look?: "primary" | "danger";
  children: ReactNode;
}

/** The two buttons at the end of a form. */
export function FormEnd({ onCancel, busy, disabled, out, look = "primary", children }: Props) {
  const t = useT();
  return (
    <div className="flex justify-end gap-2">
      <Button onClick={onCancel}>{out ?? t("action.cancel")}</Button>
      <Button type="submit" look={look} busy={busy} disabled={disabled}>
        {children}
      </Button>
    </div>
  );
}
