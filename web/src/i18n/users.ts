import type { Message } from "./message";

export const users = {
  "users.title": { en: "Users", de: "Benutzer" },
  "users.none": { en: "Nobody has an account yet", de: "Noch hat niemand ein Konto" },
  "users.none_text": {
    en: "Add the first one with the button above.",
    de: "Lege das erste mit der Schaltfläche oben an.",
  },
  "users.add": { en: "Add user", de: "Benutzer anlegen" },
  "users.role": { en: "Role", de: "Rolle" },
  "users.active": { en: "Active", de: "Aktiv" },
  "users.inactive": { en: "Switched off", de: "Abgeschaltet" },
  "users.created": { en: "Created", de: "Angelegt" },
  "users.enable": { en: "Switch on", de: "Einschalten" },
  "users.disable": { en: "Switch off", de: "Abschalten" },
  "users.reset": { en: "New password", de: "Neues Passwort" },
  "users.delete": { en: "Delete", de: "Löschen" },
  "users.you": { en: "you", de: "du" },
  "users.email": { en: "E-mail", de: "E-Mail" },
  "users.actions": { en: "Actions for {user}", de: "Aktionen für {user}" },
} satisfies Record<string, Message>;
