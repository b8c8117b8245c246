import { useMutation } from "@tanstack/react-query";
import { Braces, Download, FileSpreadsheet } from "lucide-react";
import { useState } from "react";
import { download } from "@/api/download";
import { errorText } from "@/api/error";
import { bytes } from "@/format/number";
import { useT } from "@/i18n/translate";
import { Button } from "./Button";
import { Menu, MenuItem } from "./Menu";

interface Props {
  csv: string;
  json: string;
  name: string;
}

/** Saves what is listed as CSV or JSON; a long download tells how far it is. */
export function DownloadMenu({ csv, json, name }: Props) {
  const t = useT();
  const [size, setSize] = useState(0);
  const save = useMutation({
    mutationFn: ([path, file]: [string, string]) => download(path, file, setSize),
    onMutate: () => setSize(0),
  });
  return (
    <div className="relative grid">
      <Menu
        trigger={
          <Button busy={save.isPending}>
            <Download aria-hidden />
            {save.isPending && size > 0 ? bytes(size) : t("action.export")}
          </Button>
        }
      >
        <MenuItem onSelect={() => save.mutate([csv, `${name}.csv`])}>
          <FileSpreadsheet aria-hidden />
          CSV
        </MenuItem>
        <MenuItem onSelect={() => save.mutate([json, `${name}.json`])}>
          <Braces aria-hidden />
          JSON
        </MenuItem>
      </Menu>
      {save.isError && (
        <p
          role="alert"
          className="absolute top-full right-0 z-10 mt-1 w-max max-w-64 rounded-lg border border-bad/35 bg-bad-soft px-2.5 py-1.5 text-xs shadow-float"
        >
          {errorText(save.error)}
        </p>
      )}
    </div>
  );
}
