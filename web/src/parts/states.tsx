import { CloudOff, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { errorText } from "@/api/error";
import { useT } from "@/i18n/translate";
import { Button } from "./Button";
import { cn } from "./cn";

/** A grey shape in the place of what is still on its way. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn("animate-pulse rounded-md bg-line/70", className)} />;
}

/** What could not be loaded, why, and the way to try again. */
export function ErrorState({ error, retry, className }: { error: unknown; retry?: () => void; className?: string }) {
  const t = useT();
  return (
    <div role="alert" className={cn("card grid place-items-center gap-3 px-6 py-12 text-center", className)}>
      <CloudOff className="size-8 text-ink-3" aria-hidden />
      <div>
        <p className="font-semibold">{t("state.error")}</p>
        <p className="mt-1 text-ink-2">{errorText(error)}</p>
      </div>
      {retry && (
        <Button onClick={retry}>
          <RotateCw aria-hidden />
          {t("action.retry")}
        </Button>
      )}
    </div>
  );
}

/** A place where nothing is, and what to do next. */
export function EmptyState({
  icon,
  title,
  children,
  className,
}: {
  icon?: ReactNode;
  title: ReactNode;
  children?: ReactNode;
  className?: string;
}) {
  return (
    <div
      className={cn(
        "card grid place-items-center gap-3 px-6 py-12 text-center [&>svg]:size-8 [&>svg]:text-ink-3",
        className,
      )}
    >
      {icon}
      <div className="font-semibold">{title}</div>
      {children && <div className="text-ink-2">{children}</div>}
    </div>
  );
}
