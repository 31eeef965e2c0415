import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchWithKey } from "@/lib/api-key";

let server: Server;
let url: URL;
let given: (string | undefined)[];
let good: string;

beforeEach(async () => {
  given = [];
  good = "Bearer new";
  server = createServer((request, response) => {
    given.push(request.headers.authorization);
    response.statusCode = request.headers.authorization === good ? 200 : 401;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ask`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await new Promise((resolve) => server.close(resolve));
});

describe("fetchWithKey", () => {
  it("sends no key where there is none", async () => {
    await fetchWithKey(url, {});
    expect(given).toEqual([undefined]);
  });

  it("sends the key of the environment", async () => {
    vi.stubEnv("API_KEY", "new");
    const response = await fetchWithKey(url, { method: "POST", body: "{}" });
    expect(response.status).toBe(200);
    expect(given).toEqual(["Bearer new"]);
  });

  it("tries the key before it where a backend does not know the new one yet", async () => {
    vi.stubEnv("API_KEY", "new");
    vi.stubEnv("API_KEY_PREVIOUS", "old");
    good = "Bearer old";
    expect((await fetchWithKey(url, { method: "POST", body: "{}" })).status).toBe(200);
    expect(given).toEqual(["Bearer new", "Bearer old"]);
  });

  it("says so where no key is good", async () => {
    vi.stubEnv("API_KEY", "wrong");
    expect((await fetchWithKey(url, {})).status).toBe(401);
  });

  it("follows a rotation of the files", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keys-"));
    vi.stubEnv("SECRETS_DIR", folder);
    await writeFile(join(folder, "API_KEY"), "first\n");
    await fetchWithKey(url, {});
    await writeFile(join(folder, "API_KEY"), "new");
    await writeFile(join(folder, "API_KEY_PREVIOUS"), "");
    expect((await fetchWithKey(url, {})).status).toBe(200);
    expect(given).toEqual(["Bearer first", "Bearer new"]);
    await rm(folder, { recursive: true });
  });
});
