import { useT } from "@/i18n/translate";
import { Button } from "./Button";

interface Props {
  pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** The next page of a list; nothing at its end. */
export function More({ pages }: Props) {
  const t = useT();
  if (!pages.hasNextPage) return null;
  return (
    <Button onClick={() => void pages.fetchNextPage()} busy={pages.isFetchingNextPage} className="justify-self-center">
      {t("list.more")}
    </Button>
  );
}
