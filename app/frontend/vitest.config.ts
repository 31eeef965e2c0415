import path from "node:path";
import { defineConfig } from "vitest/config";

const src = path.resolve(import.meta.dirname, "src");

export default defineConfig({
  resolve: {
    alias: {
      "@": src,
      // Throws outside a server's build by design; tests are the server here.
      "server-only": path.resolve(import.meta.dirname, "tests/unit/server-only.ts"),
    },
  },
  test: { include: ["tests/unit/**/*.test.{ts,tsx}"], environment: "node" },
});
