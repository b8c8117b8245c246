import type { Key } from "@/i18n/translate";

/** Says what is wrong with a new password, as the server would. bcrypt looks at 72 bytes only, so more are refused. */
export function passwordFault(password: string): Key | undefined {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes < 8) return "setup.too_short";
  return bytes > 72 ? "setup.too_long" : undefined;
}
