import { defineConfig, globalIgnores } from "eslint/config";
import nextVitals from "eslint-config-next/core-web-vitals";
import nextTypescript from "eslint-config-next/typescript";

export default defineConfig([
  globalIgnores([".next/**", "node_modules/**", "next-env.d.ts", "src/lib/api/schema.d.ts"]),
  ...nextVitals,
  ...nextTypescript,
  {
    rules: {
      complexity: ["error", 10],
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
]);
