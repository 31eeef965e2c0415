import type { IncomingMessage, ServerResponse } from "node:http";
import { type Guard, refuse } from "./gate";

const METHODS = ["GET", "HEAD", "POST"];
const CHANGES = ["POST", "DELETE"];

const UNREADABLE = "The form can't be read. Open the page anew and try again.\n";

/**
 * Refuses what no page of ours sends: other methods, and forms of other sites.
 *
 * Next.js takes such a form's Origin for the host's name as we do, but fails with a 500.
 */
export const refuseStrangers: Guard = (request, response, pass) => {
  const deletes = request.method === "DELETE" && request.url?.startsWith("/api/v1/");
  if (!METHODS.includes(request.method ?? "") && !deletes) {
    const allow = { Allow: METHODS.join(", ") };
    return refuse(request, response, 405, "This is not done here.", allow);
  }
  if (CHANGES.includes(request.method ?? "") && !isFromHere(request)) {
    return refuse(request, response, 403, "A form of another site is not taken here.");
  }
  pass(request);
};

/**
 * Tells who sends a form that can't be read that it can't be read.
 *
 * Next.js reads forms before any code of ours, and where it can't it ends with a bare 500: with no
 * page, as a fault of ours has one.
 */
export const nameUnreadableForms: Guard = (request, response, pass) => {
  if (request.method === "POST") {
    const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
    const end = response.end.bind(response) as (...given: unknown[]) => ServerResponse;
    let unreadable = false;
    Object.assign(response, {
      writeHead: (status: number, ...more: unknown[]) => {
        unreadable = status === 500 && response.getHeader("content-type") === "text/plain";
        if (!unreadable) return writeHead(status, ...more);
        response.setHeader("Content-Length", UNREADABLE.length);
        response.removeHeader("ETag");
        return writeHead(400);
      },
      end: (...given: unknown[]) => end(...(unreadable ? [UNREADABLE] : given)),
    });
  }
  pass(request);
};

function isFromHere(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return request.headers["sec-fetch-site"] !== "cross-site";
  const forwarded = [request.headers["x-forwarded-host"] ?? []].flat()[0]?.split(",")[0]?.trim();
  return URL.canParse(origin) && new URL(origin).host === (forwarded ?? host)?.toLowerCase();
}
