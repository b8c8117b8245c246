import type { Imported } from "@/api/types";

/** What is wrong with one line of a CSV file, with the line as it was written. */
export interface LineError {
  line: number;
  detail: string;
  text: string;
}

/** The greatest file that the server takes, in bytes. */
export const mostBytes = 1 << 20;

/** Puts what the server says of lines beside the lines themselves, in their order. */
export function lineErrors(csv: string, errors: Imported["errors"]): LineError[] {
  const lines = csv.split(/\r?\n/);
  return (errors ?? [])
    .map(({ line, detail }) => ({ line, detail, text: (lines[line - 1] ?? "").slice(0, 200) }))
    .sort((a, b) => a.line - b.line);
}

/** Why a file need not be sent at all: a key of the message table, or undefined. */
export function fileFault(csv: string): "items.import_empty" | "items.import_big" | "items.import_header" | undefined {
  if (csv.trim() === "") return "items.import_empty";
  if (new Blob([csv]).size > mostBytes) return "items.import_big";
  const header = (csv.split(/\r?\n/, 1)[0] ?? "").replace(/^\ufeff/, "").toLowerCase();
  const names = header.split(/[,;\t]/).map((name) => name.trim().replaceAll('"', ""));
  return names.includes("code") ? undefined : "items.import_header";
}
