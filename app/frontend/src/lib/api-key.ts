import "server-only";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { passTraceOn } from "./tracing";

/** The platform's own key, and the one before it, by the names that the backend has for them. */
const NAMES = ["API_KEY", "API_KEY_PREVIOUS"] as const;

/**
 * The keys as they are now: of the environment, or of files in SECRETS_DIR, which a rotation changes
 * under a running process. None where the backend asks for none.
 */
async function apiKeys(): Promise<string[]> {
  const found = await Promise.all(NAMES.map((name) => process.env[name] ?? inFile(name)));
  return found.map((key) => key.trim()).filter((key) => key !== "");
}

async function inFile(name: string): Promise<string> {
  const folder = process.env["SECRETS_DIR"];
  if (!folder) return "";
  try {
    return await readFile(join(folder, name), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/**
 * As `fetch`, with the platform's key, and within the trace that is gone on with. While it is rotated, the backend may know one key or the
 * other: where one is refused, the next is tried. So the body must be one that can be sent twice.
 */
export async function fetchWithKey(url: URL, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  passTraceOn(headers);
  const keys = await apiKeys();
  for (const [place, key] of keys.entries()) {
    headers.set("Authorization", `Bearer ${key}`);
    const response = await fetch(url, { ...init, headers });
    if (response.status !== 401 || place === keys.length - 1) return response;
    await response.body?.cancel();
  }
  return fetch(url, { ...init, headers });
}
