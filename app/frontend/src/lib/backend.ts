import "server-only";
import { fetchWithKey } from "./api-key";
import type {
  Answer,
  ChunkPage,
  DocumentPage,
  Health,
  JobPage,
  KeyPage,
  ListQuery,
  Me,
  RagDocument,
  Version,
} from "./api/types";
import {
  ContractError,
  parseAnswer,
  parseChunkPage,
  parseCollections,
  parseDocument,
  parseDocumentPage,
  parseJobPage,
  parseKeyPage,
  parseMe,
  parseProblem,
} from "./contract";
import { BackendStatusError, ConfigurationError } from "./problem";

/** Seconds, in milliseconds, that each kind of request may take in all. */
const TIMEOUT_MS = { upload: 120_000, ask: 90_000, look: 3_000 } as const;

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

async function send(
  path: string,
  init: RequestInit,
  timeoutMs: number,
  requestId: string,
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "application/json, application/problem+json");
  headers.set("X-Request-ID", requestId);
  return fetchWithKey(backendUrl(path), {
    ...init,
    headers,
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
}

async function call(
  path: string,
  init: RequestInit,
  timeoutMs: number,
  requestId: string,
): Promise<unknown> {
  const response = await send(path, init, timeoutMs, requestId);
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

function look(path: string, requestId: string): Promise<unknown> {
  return call(path, {}, TIMEOUT_MS.look, requestId);
}

/** Hands a document over, for a collection or the usual one; the backend says under which id it is kept. */
export async function uploadDocument(
  file: File,
  collection: string,
  requestId: string,
): Promise<RagDocument> {
  const body = new FormData();
  if (collection) body.set("collection", collection);
  body.set("file", file, file.name);
  const init = { method: "POST", headers: { Prefer: PREFER_READY }, body };
  return parseDocument(await call("/v1/documents", init, TIMEOUT_MS.upload, requestId));
}

/** A page of the documents that fit. */
export async function listDocuments(query: ListQuery, requestId: string): Promise<DocumentPage> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  return parseDocumentPage(await look(`/v1/documents?${parameters}`, requestId));
}

/** A document's state. */
export async function getDocument(id: string, requestId: string): Promise<RagDocument> {
  return parseDocument(await look(`/v1/documents/${encodeURIComponent(id)}`, requestId));
}

/** Some of a document's text, in reading order. */
export async function listChunks(
  id: string,
  cursor: string | undefined,
  requestId: string,
): Promise<ChunkPage> {
  const parameters = new URLSearchParams({ limit: "40", ...(cursor && { cursor }) });
  const path = `/v1/documents/${encodeURIComponent(id)}/chunks?${parameters}`;
  return parseChunkPage(await look(path, requestId));
}

/** The newest jobs in a state. */
export async function listJobs(
  state: "queued" | "running" | "failed",
  requestId: string,
): Promise<JobPage> {
  return parseJobPage(await look(`/v1/jobs?state=${state}&limit=100`, requestId));
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

/** How the backend and what it needs are; it tells it with a 503 where something fails. */
export async function getHealth(requestId: string): Promise<Health> {
  const response = await send("/readyz", {}, TIMEOUT_MS.look, requestId);
  const body = (await readJson(response)) as Partial<Health> | null;
  if (typeof body?.checks !== "object") throw new ContractError("health has no checks");
  return body as Health;
}

/** Who the visitor is, for the backend. */
export async function getMe(requestId: string): Promise<Me> {
  return parseMe(await look("/v1/me", requestId));
}

/** A page of the tenant's API keys, the newest first. */
export async function listKeys(cursor: string | undefined, requestId: string): Promise<KeyPage> {
  const parameters = new URLSearchParams({ limit: "50", ...(cursor && { cursor }) });
  return parseKeyPage(await look(`/v1/keys?${parameters}`, requestId));
}

/** Names of the collections that have documents. */
export async function listCollections(requestId: string): Promise<string[]> {
  return parseCollections(await look("/v1/collections", requestId));
}

/** What is running. */
export async function getVersion(requestId: string): Promise<Version> {
  const body = (await look("/version", requestId)) as Partial<Version> | null;
  if (typeof body?.version !== "string") throw new ContractError("version is not a text");
  return body as Version;
}

/** The backend's metrics, in the text format of Prometheus. */
export async function getMetrics(requestId: string): Promise<string> {
  return (await send("/metrics", {}, TIMEOUT_MS.look, requestId)).text();
}
