import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** How often connections that have become idle are closed while the process ends. */
const SWEEP_MS = 250;

interface RequestStart {
  request: IncomingMessage;
  response: ServerResponse;
  server: Server;
}

/**
 * Lets a server that was told to end do so as soon as its last answer is given.
 *
 * Next.js closes the connections that are idle at that moment. Those that are busy stay open after
 * their answer for as long as KEEP_ALIVE_TIMEOUT says, and the process with them; behind a load
 * balancer that is minutes.
 */
export function endWithTheLastAnswer(): void {
  const servers = new Set<Server>();
  let ending = false;
  // Next.js hands its server to nobody: this is where Node.js itself names it.
  subscribe("http.server.request.start", (message) => {
    const { response, server } = message as RequestStart;
    servers.add(server);
    if (ending) response.setHeader("Connection", "close");
  });
  process.once("SIGTERM", () => {
    ending = true;
    setInterval(() => servers.forEach((server) => server.closeIdleConnections()), SWEEP_MS).unref();
  });
}
