import "server-only";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { passTraceOn } from "./tracing";
import { peopleSignIn, visitorHeaders } from "./visitor";

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
 * As `fetch`, within the trace that is gone on with, and for a visitor. Where people sign in, with the
 * visitor's session and never with a key: what the backend refuses them stays refused. Elsewhere with
 * the platform's key. While it is rotated, the backend may know one key or the
 * other: where one is refused, the next is tried. So the body must be one that can be sent twice.
 *
 * @param visitor headers of the visitor's request; without: of the one that is being served
 */
export async function fetchWithKey(
  url: URL,
  init: RequestInit,
  visitor?: Headers,
): Promise<Response> {
  const headers = new Headers(init.headers);
  passTraceOn(headers);
  if (peopleSignIn()) {
    for (const [name, value] of Object.entries(await visitorHeaders(visitor))) {
      headers.set(name, value);
    }
    return fetch(url, { ...init, headers });
  }
  const keys = await apiKeys();
  for (const [place, key] of keys.entries()) {
    headers.set("Authorization", `Bearer ${key}`);
    const response = await fetch(url, { ...init, headers });
    if (response.status !== 401 || place === keys.length - 1) return response;
    await response.body?.cancel();
  }
  return fetch(url, { ...init, headers });
}
