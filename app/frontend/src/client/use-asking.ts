import { useCallback, useEffect, useRef } from "react";
import type { Source } from "@/lib/api/types";
import type { Translator } from "@/texts/translator";
import { problemOf } from "./api";
import { askedCollection } from "./collections";
import { newId } from "./new-id";
import { type AskEvent, askStream } from "./ask-stream";
import { all, change, keep, messagesOf, type Turn } from "./conversations";

/** Asks questions within a conversation, one at a time, and notes there what happens. */
export function useAsking(t: Translator) {
  const running = useRef<AbortController | null>(null);

  const stop = useCallback(() => running.current?.abort(), []);

  // Who leaves the page ends the work on the answer.
  useEffect(() => stop, [stop]);

  const ask = useCallback(
    async (conversation: string, question: string) => {
      running.current?.abort();
      const own = new AbortController();
      running.current = own;
      const before = all().find((one) => one.id === conversation)?.turns ?? [];
      const turn = begun(question);
      const note = (how: (turn: Turn) => Turn) =>
        change(conversation, (turns) => turns.map((one) => (one.id === turn.id ? how(one) : one)));
      change(conversation, (turns) => [...turns, turn]);
      // Now, too: who closes the page finds the question again.
      keep();
      try {
        const collection = askedCollection.value;
        const events = askStream(question, messagesOf(before), own.signal, t, collection);
        for await (const event of events) note((one) => after(one, event));
      } catch (error) {
        note((one) =>
          own.signal.aborted
            ? { ...one, state: "stopped" }
            : { ...one, state: "failed", problem: problemOf(error, t) },
        );
      }
      keep();
    },
    [t],
  );

  return { ask, stop };
}

function begun(question: string): Turn {
  return {
    id: newId(),
    question,
    answer: "",
    citations: [],
    marks: [],
    names: {},
    passages: null,
    state: "asking",
    confidence: null,
    problem: null,
  };
}

/** A turn after an event. */
export function after(turn: Turn, event: AskEvent): Turn {
  switch (event.kind) {
    case "sources":
      return { ...turn, passages: event.sources.length, names: namesOf(event.sources) };
    case "delta":
      return { ...turn, answer: turn.answer + event.text };
    case "citation": {
      const citations = [...turn.citations];
      citations[event.number - 1] = event.citation;
      const { at, number } = event;
      return { ...turn, citations, marks: [...turn.marks, { at, number }] };
    }
    case "done": {
      const { answer, citations, refused, confidence } = event.answer;
      const state = refused ? "refused" : "answered";
      return { ...turn, answer, citations, state, confidence: confidence ?? null };
    }
  }
}

function namesOf(sources: readonly Source[]): Record<string, string> {
  return Object.fromEntries(sources.map((source) => [source.document_id, source.filename]));
}
