import { SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { useT } from "@/i18n/translate";
import { Button } from "./Button";
import { EmptyState, ErrorState, Skeleton } from "./states";

interface Props {
  query: { isPending: boolean; isError: boolean; error: unknown; refetch: () => unknown };
  /** Something is known, perhaps from before a failure. */
  known: boolean;
  empty: boolean;
  /** Filters narrow the list: nothing found is then no news. */
  narrowed?: boolean;
  onClear?: () => void;
  /** What stands in the place of a list that has nothing. */
  nothing: ReactNode;
  children: ReactNode;
}

/** A list with its states: on its way, failed, nothing there, nothing found, or the list itself. */
export function ListState({ query, known, empty, narrowed = false, onClear, nothing, children }: Props) {
  const t = useT();
  if (query.isError && !known) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <ListSkeleton />;
  if (!empty) return children;
  if (!narrowed) return nothing;
  return (
    <EmptyState icon={<SearchX aria-hidden />} title={t("list.none_match")}>
      {onClear && <Button onClick={onClear}>{t("alerts.clear")}</Button>}
    </EmptyState>
  );
}

export function ListSkeleton({ rows = 5 }: { rows?: number }) {
  const t = useT();
  return (
    <div role="status" className="card grid gap-3 p-4">
      <span className="sr-only">{t("state.loading")}</span>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: grey rows are all alike
        <Skeleton key={i} className="h-9" />
      ))}
    </div>
  );
}
