import { EventSourceParserStream } from "eventsource-parser/stream";
import { parseAnswer, parseProblem } from "@/lib/contract";
import { fromDocument, offline } from "@/lib/problem";
import type { Answer, Citation, Message, Source } from "@/lib/api/types";
import type { Translator } from "@/texts/translator";
import { ProblemError, request } from "./api";

/** What happens to an answer while it is written. */
export type AskEvent =
  | { kind: "sources"; sources: Source[] }
  | { kind: "delta"; text: string }
  | { kind: "citation"; number: number; at: number; citation: Citation }
  | { kind: "done"; answer: Answer };

/**
 * Asks a question and yields the answer as it comes to be; the last event is `done`.
 *
 * @param collection the one that the answer comes from; empty: all
 * @param signal ends the work, at the backend, too
 * @throws ProblemError
 */
export async function* askStream(
  question: string,
  messages: readonly Message[],
  signal: AbortSignal,
  t: Translator,
  collection = "",
): AsyncGenerator<AskEvent> {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({
      question,
      messages,
      stream: true,
      ...(collection && { collections: [collection] }),
    }),
    signal,
  };
  const response = await request("/api/v1/ask", init, "ask", t);
  if (!response.body) throw new ProblemError(offline(t), 0);
  let ended = false;
  for await (const { event, data } of eventsOf(response.body)) {
    const read = readEvent(event ?? "", JSON.parse(data), t);
    if (read) yield read;
    ended ||= read?.kind === "done";
  }
  if (!ended) throw new ProblemError(offline(t), 0);
}

/** Without `for await` of a stream, which not every browser has. */
async function* eventsOf(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const reader = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function readEvent(event: string, data: unknown, t: Translator): AskEvent | null {
  const json = data as Record<string, unknown>;
  switch (event) {
    case "sources":
      return { kind: "sources", sources: json["sources"] as Source[] };
    case "delta":
      return { kind: "delta", text: String(json["text"]) };
    case "citation":
      return {
        kind: "citation",
        number: Number(json["number"]),
        at: Number(json["at"]),
        citation: json["citation"] as Citation,
      };
    case "done":
      return { kind: "done", answer: parseAnswer(json) };
    case "error": {
      const status = Number(json["status"]);
      throw new ProblemError(fromDocument(parseProblem(json), status, "ask", null, t), status);
    }
    default:
      return null;
  }
}
