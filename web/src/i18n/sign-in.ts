import type { Message } from "./message";

export const signIn = {
  "signin.title": { en: "Sign in", de: "Anmelden" },
  "signin.username": { en: "User name", de: "Benutzername" },
  "signin.password": { en: "Password", de: "Passwort" },
  "signin.show": { en: "Show password", de: "Passwort zeigen" },
  "signin.hide": { en: "Hide password", de: "Passwort verbergen" },
  "signin.submit": { en: "Sign in", de: "Anmelden" },
  "signin.wrong": { en: "User name or password is wrong.", de: "Benutzername oder Passwort ist falsch." },
  "signin.inactive": {
    en: "This account is switched off. Ask an administrator.",
    de: "Dieses Konto ist abgeschaltet. Frag einen Administrator.",
  },
  "signin.throttled": {
    en: "Too many tries. Wait a minute, then try again.",
    de: "Zu viele Versuche. Warte eine Minute und versuche es dann erneut.",
  },
  "signin.setup_needed": {
    en: "This server has no administrator yet. Open the one-time link that it printed when it started.",
    de: "Dieser Server hat noch keinen Administrator. Öffne den einmaligen Link, den er beim Start ausgegeben hat.",
  },
  "signin.tagline": {
    en: "See at a glance which robot needs a hand.",
    de: "Auf einen Blick sehen, welcher Roboter Hilfe braucht.",
  },
  "setup.title": { en: "Welcome", de: "Willkommen" },
  "setup.intro": {
    en: "Choose the name and password of the first administrator. This link works once.",
    de: "Wähle Name und Passwort des ersten Administrators. Dieser Link gilt einmal.",
  },
  "setup.email": { en: "E-mail (optional)", de: "E-Mail (optional)" },
  "setup.repeat": { en: "Password again", de: "Passwort wiederholen" },
  "setup.differ": { en: "The two passwords differ.", de: "Die beiden Passwörter sind verschieden." },
  "setup.length": { en: "8 characters or more, at most 72 bytes", de: "8 Zeichen oder mehr, höchstens 72 Bytes" },
  "setup.too_short": {
    en: "The password needs 8 characters or more.",
    de: "Das Passwort braucht 8 Zeichen oder mehr.",
  },
  "setup.too_long": {
    en: "The password must not have more than 72 bytes.",
    de: "Das Passwort darf höchstens 72 Bytes haben.",
  },
  "setup.submit": { en: "Create administrator", de: "Administrator anlegen" },
  "setup.done": { en: "This server is set up already.", de: "Dieser Server ist bereits eingerichtet." },
  "setup.no_token": {
    en: "The link is not complete. Open it exactly as the server printed it, from “http” to the last character.",
    de: "Der Link ist unvollständig. Öffne ihn genau so, wie der Server ihn ausgegeben hat, von „http“ bis zum letzten Zeichen.",
  },
} satisfies Record<string, Message>;
