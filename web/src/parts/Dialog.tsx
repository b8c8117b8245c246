import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useT } from "@/i18n/translate";
import { cn } from "./cn";

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  /** The title is read out but not shown. */
  hideTitle?: boolean;
  className?: string;
  children: ReactNode;
}

// Stopping a robot must not cost what was typed.
function keepForStop(event: CustomEvent<{ originalEvent: PointerEvent }>): void {
  const { target } = event.detail.originalEvent;
  if (target instanceof Element && target.closest("[data-stop]")) event.preventDefault();
}

/** A window over the page: it holds the focus, closes with Escape and gives the focus back. */
export function Dialog({ open, onClose, title, description, hideTitle = false, className, children }: Props) {
  const t = useT();
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay data-shade className="fixed inset-0 z-40 bg-black/45" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onPointerDownOutside={keepForStop}
          className={cn(
            "fixed top-[12vh] left-1/2 z-50 max-h-[76vh] w-[min(32rem,calc(100vw-1.5rem))] -translate-x-1/2 overflow-y-auto rounded-xl border border-line bg-surface p-5 shadow-float",
            className,
          )}
        >
          <div className={cn("mb-4 flex items-start gap-4", hideTitle && "sr-only")}>
            <div className="flex-1">
              <Radix.Title className="font-semibold text-base">{title}</Radix.Title>
              {description && <Radix.Description className="mt-1 text-ink-2">{description}</Radix.Description>}
            </div>
            <Radix.Close
              aria-label={t("action.close")}
              className="-m-1 grid size-8 place-items-center rounded-lg text-ink-3 hover:bg-sunken hover:text-ink"
            >
              <X className="size-4" aria-hidden />
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
