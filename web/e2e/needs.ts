import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    chromium: string;
    tonypi: string;
  }
}

function findChromium(): string {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path)) ?? "";
}

/** Finds the browser and the program. Without a browser the tests are skipped, except on CI where that is a fault. */
export default function setup(project: TestProject) {
  const tonypi = process.env.TONYPI_BIN ?? fileURLToPath(new URL("../../bin/tonypi", import.meta.url));
  if (!existsSync(tonypi)) throw new Error(`${tonypi} does not exist: run "make build", or set TONYPI_BIN`);
  const chromium = findChromium();
  if (!existsSync(chromium)) {
    const missing = "no Chromium on PATH: install chromium, or set CHROMIUM to its path";
    if (process.env.CI === "true") throw new Error(missing);
    process.stderr.write(`browser tests are skipped: ${missing}\n`);
  }
  project.provide("chromium", existsSync(chromium) ? chromium : "");
  project.provide("tonypi", tonypi);
}
