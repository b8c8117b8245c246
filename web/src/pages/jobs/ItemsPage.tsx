import { useMutation } from "@tanstack/react-query";
import { Download, FileUp, Package, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { download } from "@/api/download";
import { useItems } from "@/api/items";
import { useMay } from "@/api/role";
import type { Item } from "@/api/types";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { FormFailure } from "@/parts/FormFailure";
import { ListState } from "@/parts/ListState";
import { More } from "@/parts/More";
import { Notice } from "@/parts/Notice";
import { SearchInput } from "@/parts/SearchInput";
import { EmptyState } from "@/parts/states";
import { useSearchState } from "@/parts/useSearchState";
import { ImportItems } from "./ImportItems";
import { ItemForm } from "./ItemForm";
import { ItemTable } from "./ItemTable";
import { JobTabs } from "./JobTabs";
import { readItemSearch } from "./search";

type Open = { what: "import" | "new" } | { what: "edit"; item: Item } | undefined;

/** The table of codes: what robots are told when they scan one. Admins write it, others read it. */
export function ItemsPage() {
  const t = useT();
  const edits = useMay("edit_items");
  const [search, change] = useSearchState(readItemSearch);
  const items = useItems(search.q);
  const list = useMemo(() => items.data?.pages.flatMap((page) => page.items) ?? [], [items.data]);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const save = useMutation({ mutationFn: () => download("/api/v1/items/export", "items.csv") });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h1 className="sr-only">{t("items.title")}</h1>
      <JobTabs />
      <p className="max-w-3xl text-ink-2">{t("items.intro")}</p>
      <div className="flex flex-wrap items-center gap-2">
        <SearchInput
          label={t("items.search")}
          value={search.q ?? ""}
          onChange={(q) => change({ q: q.trim() || undefined })}
          className="mr-auto flex-1 max-sm:basis-full sm:max-w-72"
        />
        {list.length > 0 && (
          <Button onClick={() => save.mutate()} busy={save.isPending} className="max-sm:flex-1">
            <Download aria-hidden />
            {t("action.export")}
          </Button>
        )}
        {edits && (
          <>
            <Button onClick={() => setOpen({ what: "import" })} className="max-sm:flex-1">
              <FileUp aria-hidden />
              {t("items.import")}
            </Button>
            <Button look="primary" onClick={() => setOpen({ what: "new" })} className="max-sm:flex-1">
              <Plus aria-hidden />
              {t("items.add")}
            </Button>
          </>
        )}
      </div>
      {!edits && <Notice>{t("items.reader")}</Notice>}
      <FormFailure error={save.error} />
      <ListState
        query={items}
        known={items.data !== undefined}
        empty={list.length === 0}
        narrowed={search.q !== undefined}
        onClear={() => change({ q: undefined })}
        nothing={
          <EmptyState icon={<Package aria-hidden />} title={t("items.none")}>
            {t(edits ? "items.none_text" : "items.none_reader")}
          </EmptyState>
        }
      >
        <ItemTable items={list} onEdit={(item) => setOpen({ what: "edit", item })} />
      </ListState>
      <More pages={items} />
      <Dialog open={open?.what === "import"} onClose={close} title={t("items.import")}>
        <ImportItems onDone={close} />
      </Dialog>
      <Dialog open={open?.what === "new"} onClose={close} title={t("items.add")}>
        <ItemForm item={undefined} onDone={close} />
      </Dialog>
      <Dialog open={open?.what === "edit"} onClose={close} title={t("items.edit")}>
        {open?.what === "edit" && <ItemForm item={open.item} onDone={close} />}
      </Dialog>
    </div>
  );
}
