import { Fragment } from "react";
import { useT } from "@/i18n/translate";
import { shortcuts } from "./keyboard";

export function KeyHelp() {
  const t = useT();
  return (
    <dl className="grid grid-cols-[1fr_auto] items-center gap-x-6 gap-y-2.5">
      {shortcuts.map(([keys, what]) => (
        <div key={what} className="contents">
          <dt className="text-ink-2">{t(what)}</dt>
          <dd className="flex items-center gap-1.5">
            {keys.flatMap((each) =>
              [each].flat().map((key, i) => (
                <Fragment key={key}>
                  {i > 0 && <span className="text-ink-3 text-xs">{t("keys.then")}</span>}
                  <kbd className="rounded-md border border-line-strong bg-sunken px-2 py-0.5 font-medium font-sans text-xs">
                    {key}
                  </kbd>
                </Fragment>
              )),
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
