import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// SCREENS takes pictures of every view instead of testing: npm run screens.
const taking = process.env.SCREENS !== undefined;

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  cacheDir: "../node_modules/.vite",
  test: {
    environment: "node",
    pool: "forks",
    include: [taking ? "screens.ts" : "*.test.ts"],
    // Two files at a time: while one waits for a robot the other one works.
    maxWorkers: taking ? 1 : 2,
    testTimeout: taking ? 900_000 : 120_000,
    hookTimeout: 60_000,
    globalSetup: ["needs.ts"],
  },
});
