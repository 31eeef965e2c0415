import "server-only";
import { fetchWithKey } from "./api-key";
import { backendUrl } from "./backend";
import { isAllowedHost } from "./hosts";
import { logFailure } from "./log";
import { causeOf, UNREACHABLE } from "./problem";
import { english } from "@/texts/english";
import { MAX_REQUEST_BYTES } from "./limits";
import { isSignIn, relaySignIn } from "./sign-in";
import { peopleSignIn } from "./visitor";

/** Hands requests of our own pages to the backend: those that are listed here, and no others. */

const ID = "[0-9a-f]{1,64}";
const RELAYED: readonly [method: string, path: RegExp][] = [
  ["GET", /^documents$/],
  ["POST", /^documents$/],
  ["POST", /^documents\/(delete|reindex)$/],
  ["GET", new RegExp(`^documents/${ID}$`)],
  ["GET", new RegExp(`^documents/${ID}/(content|chunks)$`)],
  ["POST", new RegExp(`^documents/${ID}/reindex$`)],
  ["GET", /^jobs$/],
  ["GET", new RegExp(`^jobs/${ID}$`)],
  ["POST", new RegExp(`^jobs/${ID}/(cancel|retry)$`)],
  ["POST", /^ask$/],
  ["POST", /^feedback$/],
  ["GET", /^collections$/],
];

/** The same, where people sign in: elsewhere whoever comes by could make a key for later. */
const RELAYED_TO_ADMINS: typeof RELAYED = [
  ["POST", /^keys$/],
  ["DELETE", /^keys\/[0-9a-f]{16}$/],
];

function isRelayed(method: string, path: string): boolean {
  const known = peopleSignIn() ? [...RELAYED, ...RELAYED_TO_ADMINS] : RELAYED;
  return known.some(([each, pattern]) => each === method && pattern.test(path));
}

/** Milliseconds until the backend must have begun its answer. */
const FIRST_BYTE_MS = 95_000;

const SENT = ["accept", "content-type", "prefer", "if-none-match"];
const RETURNED = [
  "content-type",
  "content-length",
  "content-disposition",
  "content-security-policy",
  "etag",
  "location",
  "retry-after",
  "x-request-id",
];

/**
 * Answers a request with what the backend answers, as it comes.
 *
 * Somebody who leaves ends the backend's work, too.
 *
 * @param path below /v1/
 */
export async function relay(request: Request, path: string): Promise<Response> {
  if (!isAllowedHost(request.headers.get("host"), process.env["ALLOWED_HOSTS"] ?? "")) {
    return new Response("No page has this name here.\n", { status: 421 });
  }
  if (isSignIn(request.method, path)) return relaySignIn(request, path);
  if (!isRelayed(request.method, path)) {
    return problem(404, "not-found", "this page's server does not hand this on", "");
  }
  const requestId = crypto.randomUUID();
  try {
    const body = await bodyOf(request);
    if (body && body.byteLength > MAX_REQUEST_BYTES) {
      return problem(413, "too-large", "the request is too large", requestId);
    }
    return returned(await fetched(request, path, body, requestId));
  } catch (error) {
    // Nobody hears this: who asked has left.
    if (request.signal.aborted) return new Response(null, { status: 499 });
    logFailure("relay", requestId, error);
    const cause = causeOf(error, english);
    return problem(502, UNREACHABLE, cause, requestId);
  }
}

/** In one piece, so that the backend knows its length; how many there may be is limited before. */
async function bodyOf(request: Request): Promise<ArrayBuffer | null> {
  return request.method === "POST" ? request.arrayBuffer() : null;
}

async function fetched(
  request: Request,
  path: string,
  body: ArrayBuffer | null,
  requestId: string,
): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DOMException("no answer", "TimeoutError")),
    FIRST_BYTE_MS,
  );
  try {
    const init: RequestInit = {
      method: request.method,
      headers: { ...picked(request.headers, SENT), "X-Request-ID": requestId },
      body,
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.any([request.signal, late.signal]),
    };
    const url = backendUrl(`/v1/${path}${new URL(request.url).search}`);
    return await fetchWithKey(url, init, request.headers);
  } finally {
    clearTimeout(timer);
  }
}

function returned(response: Response): Response {
  const headers = new Headers(picked(response.headers, RETURNED));
  // What the browser gets is no longer packed as the backend's answer may have been.
  if (response.headers.has("content-encoding")) headers.delete("content-length");
  // "no-transform" keeps a stream from being held back until it can be compressed.
  headers.set("Cache-Control", "no-store, no-transform");
  headers.set("X-Accel-Buffering", "no");
  return new Response(response.body, { status: response.status, headers });
}

function picked(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => [[name, headers.get(name) ?? ""]]).filter(([, value]) => value),
  );
}

function problem(status: number, kind: string, detail: string, requestId: string): Response {
  const type = kind.startsWith("urn:") ? kind : `urn:rag:problem:${kind}`;
  return new Response(
    JSON.stringify({ type, status, detail, ...(requestId && { request_id: requestId }) }),
    {
      status,
      headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store" },
    },
  );
}
