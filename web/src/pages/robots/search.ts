import { compact, readText } from "@/parts/search";

/** What the URL says about the list of robots. */
export interface ManageSearch {
  q?: string;
}

export const readManageSearch = (raw: Record<string, unknown>): ManageSearch =>
  compact<ManageSearch>({ q: readText(raw.q) });
