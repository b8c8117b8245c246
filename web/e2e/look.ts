import type { Locator, Page } from "playwright-core";

/** The tile of the live view with this name. */
export const tile = (page: Page, name: string): Locator =>
  page
    .locator('dl[aria-label="Vital signs"] > div')
    .filter({ has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) });
