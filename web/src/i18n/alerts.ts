import type { Message } from "./messages";

export const alerts = {
  "alerts.title": { en: "Alerts", de: "Alarme" },
} satisfies Record<string, Message>;
