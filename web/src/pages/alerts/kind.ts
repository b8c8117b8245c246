import { keyFor, type Translate } from "@/i18n/translate";

/** Names a kind of alert for a person: the known ones in their language, others as they are. */
export function kindName(type: string, t: Translate): string {
  const key = keyFor("rules.type", type);
  return key ? t(key) : type.replaceAll("_", " ");
}
