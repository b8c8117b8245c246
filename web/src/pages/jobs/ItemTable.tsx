import { Pencil, Trash2 } from "lucide-react";
import { useDeleteItem } from "@/api/items";
import { useMay } from "@/api/role";
import type { Item } from "@/api/types";
import { noValue, withUnit } from "@/format/number";
import { useT } from "@/i18n/translate";
import { decimals } from "@/pages/alerts/AlertCells";
import { Button } from "@/parts/Button";
import { ConfirmButton } from "@/parts/ConfirmButton";
import { FormFailure } from "@/parts/FormFailure";

interface Props {
  items: readonly Item[];
  onEdit: (item: Item) => void;
}

/** What the codes stand for, as a table. */
export function ItemTable({ items, onEdit }: Props) {
  const t = useT();
  const edits = useMay("edit_items");
  const remove = useDeleteItem();
  return (
    <div className="grid gap-3">
      <FormFailure error={remove.error} />
      <div className="card overflow-x-clip">
        <table className="w-full text-left">
          <caption className="sr-only">{t("items.title")}</caption>
          <thead className="text-ink-3 text-xs">
            <tr className="h-10 [&>th]:px-4 [&>th]:font-medium">
              <th scope="col">{t("items.name")}</th>
              <th scope="col" className="max-md:hidden">
                {t("scans.code")}
              </th>
              <th scope="col" className="max-lg:hidden">
                {t("items.sku")}
              </th>
              <th scope="col" className="max-lg:hidden">
                {t("items.location")}
              </th>
              <th scope="col" className="w-28 text-right max-md:hidden">
                {t("items.weight_short")}
              </th>
              {edits && (
                <th scope="col" className="w-24">
                  <span className="sr-only">{t("alerts.actions")}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.code} className="border-line border-t hover:bg-sunken [&>td]:px-4 [&>td]:py-2">
                <td className="min-w-0">
                  <p className="font-medium">{item.name || item.code}</p>
                  <p className="break-all font-mono text-ink-3 text-xs md:hidden">{item.code}</p>
                  {item.description && <p className="line-clamp-2 text-ink-3 text-xs">{item.description}</p>}
                </td>
                <td className="break-all font-mono text-xs max-md:hidden">{item.code}</td>
                <td className="text-ink-2 max-lg:hidden">{item.sku || noValue}</td>
                <td className="text-ink-2 max-lg:hidden">{item.location || noValue}</td>
                <td className="whitespace-nowrap text-right max-md:hidden">
                  {item.weight_kg > 0 ? withUnit(item.weight_kg, "kg", decimals(item.weight_kg)) : noValue}
                </td>
                {edits && (
                  <td className="px-2!">
                    <div className="flex justify-end">
                      <Button
                        look="ghost"
                        size="icon"
                        aria-label={t("items.edit_of", { item: item.code })}
                        onClick={() => onEdit(item)}
                      >
                        <Pencil aria-hidden />
                      </Button>
                      <ConfirmButton
                        look="ghost"
                        size="icon"
                        className="w-auto min-w-9 px-2 aria-busy:opacity-50"
                        aria-label={t("items.delete_of", { item: item.code })}
                        busy={remove.isPending && remove.variables === item.code}
                        onConfirm={() => remove.mutate(item.code)}
                      >
                        <Trash2 aria-hidden />
                      </ConfirmButton>
                    </div>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
