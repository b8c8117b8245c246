import { fileURLToPath } from "node:url";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.TONYPI_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), tailwind()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2023",
    rollupOptions: {
      output: {
        // Libraries change rarely: their own file stays in the browser's cache over releases. Charts and terminals
        // come with the views that show them.
        manualChunks: (id) => (id.includes("node_modules") && !/uplot|@xterm/.test(id) ? "libraries" : undefined),
      },
    },
  },
  server: { proxy: { "/api": { target: server, ws: true, changeOrigin: true, rewriteWsOrigin: true } } },
  test: {
    environment: "jsdom",
    setupFiles: ["src/test.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
