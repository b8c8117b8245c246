import { useId } from "react";
import { useT } from "@/i18n/translate";
import { Segments } from "@/parts/Segments";
import { type Language, setPreferences, type Theme, usePreferences } from "@/preferences";

/** How the page looks and speaks on this device. */
export function Appearance() {
  const t = useT();
  const id = useId();
  const { theme, language } = usePreferences();
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <h2 id={id} className="font-semibold">
        {t("account.device")}
      </h2>
      <div className="card grid gap-4 p-4">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <span className="text-ink-2">{t("theme.title")}</span>
          <Segments<Theme>
            label={t("theme.title")}
            value={theme}
            onChange={(next) => setPreferences({ theme: next })}
            choices={[
              ["system", t("theme.system")],
              ["light", t("theme.light")],
              ["dark", t("theme.dark")],
            ]}
          />
        </div>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <span className="text-ink-2">{t("language.title")}</span>
          <Segments<Language>
            label={t("language.title")}
            value={language}
            onChange={(next) => setPreferences({ language: next })}
            choices={[
              ["en", "English"],
              ["de", "Deutsch"],
            ]}
          />
        </div>
      </div>
    </section>
  );
}
