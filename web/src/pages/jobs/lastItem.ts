/** The facts of an item that a robot told, whatever it called them: name first, nothing that is empty or nested. */
export function itemFacts(item: unknown): readonly (readonly [name: string, value: string])[] {
  if (typeof item === "string" || typeof item === "number") return [["item", String(item)]];
  if (typeof item !== "object" || item === null) return [];
  const facts: [string, string][] = [];
  for (const [name, value] of Object.entries(item)) {
    if (value === null || value === "" || typeof value === "object") continue;
    facts.push([name, String(value)]);
  }
  return facts;
}

const titles = ["name", "item_name", "code", "qr_code", "qr_data", "sku", "item"];

/** What an item is called in one line; empty when nothing is known. */
export function itemTitle(item: unknown): string {
  const facts = new Map(itemFacts(item));
  for (const title of titles) {
    const value = facts.get(title);
    if (value) return value;
  }
  return [...facts.values()][0] ?? "";
}
