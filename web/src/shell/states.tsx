import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { useT } from "@/i18n/translate";
import { EmptyState, ErrorState } from "@/parts/states";

export function NotFound() {
  const t = useT();
  return (
    <main className="mx-auto max-w-lg p-6 pt-[15vh]">
      <EmptyState icon={<Compass aria-hidden />} title={t("state.not_found")}>
        <Link to="/" className="text-accent underline underline-offset-2">
          {t("robot.to_fleet")}
        </Link>
      </EmptyState>
    </main>
  );
}

export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <main className="mx-auto max-w-lg p-6 pt-[15vh]">
      <ErrorState error={error} retry={reset} />
    </main>
  );
}
