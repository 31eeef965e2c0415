import { IncomingMessage } from "node:http";
import { type Guard, refuse } from "./gate";
import { MAX_OPEN_UPLOADS, MAX_REQUEST_BYTES, MAX_SMALL_REQUEST_BYTES } from "./limits";
import { english } from "@/texts/english";
import { tooLarge } from "./problem";

/** Seconds after which somebody who was turned away may come again. */
const RETRY_AFTER_SECONDS = 10;

/**
 * Bounds how many documents are in this process at the same time.
 *
 * Each is held in memory from its first byte until the backend has it. So visitors who send
 * slowly, or many at once, would take the memory of all: those beyond the limit get a 503 at once,
 * and what they send is dropped. Pages, questions and probes pass.
 */
export function limitOpenUploads(limit = MAX_OPEN_UPLOADS): Guard {
  let open = 0;
  return (request, response, pass) => {
    if (isUpload(request)) {
      if (open >= limit) {
        const sentence =
          "Too many documents are on their way at the moment. Wait some seconds, then upload again.";
        return refuse(request, response, 503, sentence, { "Retry-After": RETRY_AFTER_SECONDS });
      }
      open += 1;
      response.once("close", () => (open -= 1));
    }
    pass(request);
  };
}

/**
 * Gives a length to a request that comes in chunks and tells none, or refuses it with a 413.
 *
 * Next.js would cut it at the limit and fail on the rest, which looks like a fault of ours.
 */
export function measureChunks(limit = MAX_REQUEST_BYTES): Guard {
  return (request, response, pass) => {
    if (!isChunked(request)) return pass(request);
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= limit) return void chunks.push(chunk);
      request.off("data", take).off("end", finish);
      const { title, detail, remedy } = tooLarge(english);
      refuse(request, response, 413, `${title}. ${detail} ${remedy}`);
    };
    const finish = (): void => pass(withLength(request, Buffer.concat(chunks)));
    request.on("data", take).on("end", finish);
    // Who goes away in the middle of it: there is nobody to tell.
    request.on("error", () => undefined);
  };
}

/** Whether a request brings, or may bring, more than a question. */
function isUpload(request: IncomingMessage): boolean {
  return isChunked(request) || Number(request.headers["content-length"]) > MAX_SMALL_REQUEST_BYTES;
}

function isChunked(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined;
}

/** The request as it would be had it come in one piece. */
function withLength(request: IncomingMessage, body: Buffer): IncomingMessage {
  const whole = new IncomingMessage(request.socket);
  whole.method = request.method;
  whole.url = request.url;
  whole.httpVersion = request.httpVersion;
  whole.httpVersionMajor = request.httpVersionMajor;
  whole.httpVersionMinor = request.httpVersionMinor;
  whole.headers = { ...request.headers, "content-length": String(body.length) };
  delete whole.headers["transfer-encoding"];
  whole.rawHeaders = Object.entries(whole.headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((one) => [name, one]),
  );
  whole.complete = true;
  whole.push(body);
  whole.push(null);
  return whole;
}
