import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";

/** Hands a request on: to the next guard, and after the last one to Next.js. */
export type Pass = (request: IncomingMessage) => void;

/** Looks at a request before Next.js does, and answers it or hands it on. */
export type Guard = (request: IncomingMessage, response: ServerResponse, pass: Pass) => void;

/** Puts guards, of which the first comes first, before the server of this process. */
export function putBeforeNext(guards: Guard[]): void {
  const guarded = new WeakSet<Server>();
  // Next.js hands its server to nobody: here Node.js names it, before it tells who listens.
  subscribe("http.server.request.start", (message) => {
    const { server } = message as { server: Server };
    if (guarded.has(server)) return;
    guarded.add(server);
    const listeners = server.listeners("request") as RequestListener[];
    server.removeAllListeners("request");
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const next: Pass = (given) => {
        for (const listener of listeners) listener.call(server, given, response);
      };
      guards.reduceRight<Pass>(
        (pass, guard) => (given) => guard(given, response, pass),
        next,
      )(request);
    });
  });
}

/** Answers a request with a sentence, and drops what is still on its way. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  sentence: string,
  headers: Record<string, string | number> = {},
): void {
  request.resume();
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    ...headers,
  });
  response.end(`${sentence}\n`);
}
