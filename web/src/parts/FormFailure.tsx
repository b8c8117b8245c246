import { errorText } from "@/api/error";
import { Notice } from "./Notice";

/** What the server said against a form or an action; nothing when there is no error. */
export function FormFailure({ error, className }: { error: unknown; className?: string }) {
  if (!error) return null;
  return (
    <Notice tone="critical" role="alert" className={className ?? ""}>
      {errorText(error)}
    </Notice>
  );
}
