import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { MAX_OPEN_UPLOADS, MAX_SMALL_REQUEST_BYTES } from "./limits";

/** Seconds after which somebody who was turned away may come again. */
const RETRY_AFTER_SECONDS = 10;

const REFUSAL =
  "Too many documents are on their way at the moment. Wait some seconds, then upload again.\n";

/**
 * Bounds how many documents are in this process at the same time.
 *
 * Next.js holds each in memory from its first byte until the backend has it. So visitors who send
 * slowly, or many at once, would take the memory of all: those beyond the limit get a 503 at once,
 * and what they send is dropped. Pages, questions and probes pass.
 */
export function limitOpenUploads(limit = MAX_OPEN_UPLOADS): void {
  const gated = new WeakSet<Server>();
  // Next.js hands its server to nobody: here Node.js names it, before it tells who listens.
  subscribe("http.server.request.start", (message) => {
    const { server } = message as { server: Server };
    if (gated.has(server)) return;
    gated.add(server);
    gate(server, limit);
  });
}

function gate(server: Server, limit: number): void {
  const listeners = server.listeners("request") as RequestListener[];
  server.removeAllListeners("request");
  let open = 0;
  server.on("request", (request, response) => {
    if (isUpload(request)) {
      if (open >= limit) return refuse(request, response);
      open += 1;
      response.once("close", () => (open -= 1));
    }
    for (const listener of listeners) listener.call(server, request, response);
  });
}

/** Whether a request brings, or may bring, more than a question. */
function isUpload(request: IncomingMessage): boolean {
  if (request.headers["transfer-encoding"] !== undefined) return true;
  return Number(request.headers["content-length"] ?? 0) > MAX_SMALL_REQUEST_BYTES;
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.writeHead(503, {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Retry-After": RETRY_AFTER_SECONDS,
  });
  response.end(REFUSAL);
}
