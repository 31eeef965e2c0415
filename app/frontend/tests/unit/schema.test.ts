import { readFileSync } from "node:fs";
import path from "node:path";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { describe, expect, it } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "../..");

describe("the types of the API", () => {
  it("are those of the backend's description; `make api-types` writes them anew", async () => {
    const description = JSON.parse(readFileSync(path.join(ROOT, "openapi.json"), "utf8"));
    const generated = COMMENT_HEADER + astToString(await openapiTS(description));
    expect(readFileSync(path.join(ROOT, "src/lib/api/schema.d.ts"), "utf8")).toBe(generated);
  }, 120_000);
});
