import "server-only";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { fetchWithKey } from "./api-key";
import { backendUrl } from "./backend";
import { logFailure } from "./log";

/**
 * Follows several jobs at the backend as one stream of server-sent events.
 *
 * A browser may have six connections to a server: a stream for each job would take them all.
 *
 * | event | data |
 * | ----- | ---- |
 * | job   | a job, now and after each change |
 * | gone  | the id of one that is not there |
 * | end   | nothing more will happen |
 *
 * Where the backend breaks off, the stream ends without `end`, and browsers come again.
 */
export function jobStream(
  ids: readonly string[],
  left: AbortSignal,
  visitor: Headers,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const stop = new AbortController();
  const signal = AbortSignal.any([left, stop.signal, ending.signal]);
  return new ReadableStream({
    async start(controller) {
      const send = (event: string, data: string) =>
        controller.enqueue(encoder.encode(`event: ${event}\ndata: ${data}\n\n`));
      controller.enqueue(encoder.encode("retry: 3000\n\n"));
      try {
        await Promise.all(ids.map((id) => follow(id, signal, send, visitor)));
        if (!signal.aborted) send("end", "{}");
      } catch (error) {
        if (!signal.aborted) logFailure("follow_jobs", "", error);
        stop.abort();
      }
      close(controller);
    },
    cancel: () => stop.abort(),
  });
}

/** Told once the process ends: streams would keep it from doing so, and browsers come again. */
const ending = new AbortController();
process.once("SIGTERM", () => ending.abort());

async function follow(
  id: string,
  signal: AbortSignal,
  send: (event: string, data: string) => void,
  visitor: Headers,
): Promise<void> {
  const init: RequestInit = {
    headers: { Accept: "text/event-stream" },
    cache: "no-store",
    redirect: "error",
    signal,
  };
  const response = await fetchWithKey(backendUrl(`/v1/jobs/${id}/events`), init, visitor);
  if (response.status === 404) return send("gone", JSON.stringify({ id }));
  if (!response.ok || !response.body) throw new Error(`status ${response.status} for a job`);
  const events = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream());
  for await (const { event, data } of events) if (event === "job") send("job", data);
}

function close(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch {
    // Whoever read it has left: it is closed.
  }
}
