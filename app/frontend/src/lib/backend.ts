import "server-only";
import { fetchWithKey } from "./api-key";
import {
  type Answer,
  ContractError,
  parseAnswer,
  parseDocument,
  parseProblem,
  type RagDocument,
} from "./contract";
import { BackendStatusError, ConfigurationError } from "./problem";

/** Seconds, in milliseconds, that each kind of request may take in all. */
const TIMEOUT_MS = { upload: 120_000, ask: 90_000, document: 2_000 } as const;

/** How long the backend may read a file before it answers that it still does (RFC 7240). */
const PREFER_READY = "wait=90";

/**
 * The backend's address, read at each call so that one image serves everywhere.
 *
 * @throws ConfigurationError naming the variable and what it should hold
 */
export function backendUrl(path: string): URL {
  const base = process.env["BACKEND_URL"];
  if (!base) throw new ConfigurationError("BACKEND_URL is not set");
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new ConfigurationError("BACKEND_URL is no http or https address");
  }
  return new URL(path, base);
}

async function call(
  path: string,
  init: RequestInit,
  timeoutMs: number,
  requestId: string,
): Promise<unknown> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "application/json, application/problem+json");
  headers.set("X-Request-ID", requestId);
  const response = await fetchWithKey(backendUrl(path), {
    ...init,
    headers,
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.ok) return readJson(response);
  const body: unknown = await response.json().catch(() => null);
  throw new BackendStatusError(response.status, parseProblem(body));
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    // Anything else means that the connection broke on the way.
    if (error instanceof SyntaxError) throw new ContractError("it is no JSON");
    throw error;
  }
}

/** Hands a document over; the backend says under which id it is kept. */
export async function uploadDocument(file: File, requestId: string): Promise<RagDocument> {
  const body = new FormData();
  body.set("file", file, file.name);
  const init = { method: "POST", headers: { Prefer: PREFER_READY }, body };
  return parseDocument(await call("/v1/documents", init, TIMEOUT_MS.upload, requestId));
}

/** A document's state. */
export async function getDocument(id: string, requestId: string): Promise<RagDocument> {
  const path = `/v1/documents/${encodeURIComponent(id)}`;
  return parseDocument(await call(path, {}, TIMEOUT_MS.document, requestId));
}

/** An answer with the places it rests on, or a refusal. */
export async function ask(question: string, requestId: string): Promise<Answer> {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ question }),
  };
  return parseAnswer(await call("/v1/ask", init, TIMEOUT_MS.ask, requestId));
}
