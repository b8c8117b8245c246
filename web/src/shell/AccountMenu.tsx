import { useNavigate } from "@tanstack/react-router";
import { CircleUserRound, Keyboard, KeyRound, LogIn, LogOut, UserRoundCog } from "lucide-react";
import { useServer } from "@/api/server";
import { session, useSession } from "@/api/session";
import { useT } from "@/i18n/translate";
import { Button } from "@/parts/Button";
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuSeparator } from "@/parts/Menu";
import { type Language, setPreferences, type Theme, usePreferences } from "@/preferences";
import { show } from "./overlay";

export function AccountMenu() {
  const t = useT();
  const state = useSession();
  const server = useServer();
  const navigate = useNavigate();
  const { theme, language } = usePreferences();
  if (state.status !== "in") return null;
  const { user, anonymous } = state;
  const trigger = (
    <Button look="ghost" size="icon" aria-label={`${t("account.title")}: ${user.username}`}>
      <CircleUserRound aria-hidden className="size-5!" />
    </Button>
  );
  return (
    <Menu trigger={trigger} label={t("account.title")}>
      <div className="px-2.5 py-2">
        <p className="font-semibold">{anonymous ? t("account.anonymous") : user.username}</p>
        <p className="text-ink-3 text-xs">{t(`account.role.${user.role}`)}</p>
      </div>
      <MenuSeparator />
      <MenuLabel>{t("theme.title")}</MenuLabel>
      <MenuChoice<Theme>
        value={theme}
        onChange={(next) => setPreferences({ theme: next })}
        choices={[
          ["system", t("theme.system")],
          ["light", t("theme.light")],
          ["dark", t("theme.dark")],
        ]}
      />
      <MenuSeparator />
      <MenuLabel>{t("language.title")}</MenuLabel>
      <MenuChoice<Language>
        value={language}
        onChange={(next) => setPreferences({ language: next })}
        choices={[
          ["en", "English"],
          ["de", "Deutsch"],
        ]}
      />
      <MenuSeparator />
      <MenuItem onSelect={() => show("keys")}>
        <Keyboard aria-hidden />
        {t("keys.title")}
      </MenuItem>
      {anonymous ? (
        <MenuItem onSelect={() => void navigate({ to: "/sign-in" })}>
          <LogIn aria-hidden />
          {t("account.sign_in")}
        </MenuItem>
      ) : (
        <>
          <MenuItem onSelect={() => void navigate({ to: "/account" })}>
            <UserRoundCog aria-hidden />
            {t("account.open")}
          </MenuItem>
          <MenuItem onSelect={() => show("password")}>
            <KeyRound aria-hidden />
            {t("account.password")}
          </MenuItem>
          <MenuItem onSelect={() => void session.signOut().catch(() => undefined)}>
            <LogOut aria-hidden />
            {t("account.sign_out")}
          </MenuItem>
        </>
      )}
      {server.data && (
        <p className="px-2.5 pt-2 pb-1 text-ink-3 text-xs">{t("version.title", { version: server.data.version })}</p>
      )}
    </Menu>
  );
}
