import { keyFor, type Translate } from "@/i18n/translate";

/** What an action is called: in the reader's language if it is known, else as the server calls it. */
export function actionName(action: string, t: Translate): string {
  const key = keyFor("audit.action", action);
  return key ? t(key) : action.replaceAll("_", " ").replace(".", ": ");
}
