import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useT } from "@/i18n/translate";

/** A command to copy, with the button that does it. */
export function CopyText({ text }: { text: string }) {
  const t = useT();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    // Without TLS a browser has no clipboard: the text can still be selected by hand.
    await navigator.clipboard?.writeText(text);
    setCopied(navigator.clipboard !== undefined);
  };
  const Icon = copied ? Check : Copy;
  return (
    <div className="flex items-stretch overflow-hidden rounded-lg border border-line bg-sunken text-left">
      <pre className="min-w-0 flex-1 select-all overflow-x-auto whitespace-pre-wrap break-all px-3 py-2.5 font-mono text-xs leading-5">
        {text}
      </pre>
      <button
        type="button"
        onClick={() => void copy()}
        aria-label={t(copied ? "action.copied" : "action.copy")}
        className="grid w-11 shrink-0 place-items-center border-line border-l text-ink-3 hover:bg-surface hover:text-ink"
      >
        <Icon className="size-4" aria-hidden />
      </button>
    </div>
  );
}
