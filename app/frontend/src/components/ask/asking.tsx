"use client";

import { useSearchParams } from "next/navigation";
import { useActionState, useEffect, useRef, useState } from "react";
import { type Turn, useConversations } from "@/client/conversations";
import { newId } from "@/client/new-id";
import { useAsking } from "@/client/use-asking";
import type { AskState } from "@/lib/state";
import { useTexts } from "@/texts/client";
import { Composer } from "./composer";
import { EmptyState } from "./empty-state";
import { type Shown, SourcePanel } from "./source-panel";
import { TurnView } from "./turn-view";

interface AskingProps {
  action: (state: AskState, form: FormData) => Promise<AskState>;
  /** Whether answers may be Markdown. */
  markdown: boolean;
}

/** A conversation: questions and answers, and the field for the next question. */
export function Asking({ action, markdown }: AskingProps) {
  const t = useTexts();
  const id = useSearchParams().get("c");
  const conversations = useConversations();
  const current = conversations.find((one) => one.id === id);
  const { ask, stop } = useAsking(t);
  // Where scripts don't run, or not yet, the server answers the form.
  const [state, submit] = useActionState(action, { kind: "idle" });
  const [shown, setShown] = useState<Shown | null>(null);
  const turns = current?.turns ?? turnsOf(state);
  const busy = turns.some((turn) => turn.state === "asking");
  const last = useLastInView(turns.at(-1)?.id);

  // Next.js listens to changes of the address a moment after the page takes keys: who is as fast as
  // that has asked within a conversation of which the router does not know. Now it does.
  useEffect(() => {
    const real = new URLSearchParams(window.location.search).get("c");
    if (real !== id && conversations.some((one) => one.id === real)) {
      window.history.replaceState(null, "", window.location.href);
    }
  }, [id, conversations]);

  const begin = (question: string) => {
    const conversation = current?.id ?? newId();
    if (!current) window.history.pushState(null, "", `/?c=${conversation}`);
    void ask(conversation, question);
  };

  return (
    <div className="mx-auto flex w-full max-w-3xl flex-1 flex-col px-4 sm:px-6">
      {turns.length === 0 ? (
        <EmptyState />
      ) : (
        <>
          <h1 className="sr-only">{t("answer.conversation")}</h1>
          <ol className="flex-1 space-y-10 py-8" data-conversation>
            {turns.map((turn, index) => (
              <li
                key={turn.id}
                ref={index === turns.length - 1 ? last : null}
                className="scroll-mt-16 lg:scroll-mt-6"
              >
                <TurnView
                  turn={turn}
                  prefix={index === 0 ? "" : `${turn.id}-`}
                  markdown={markdown}
                  onSource={(number) => setShown({ turn, number })}
                  onAgain={busy ? null : () => begin(turn.question)}
                />
              </li>
            ))}
          </ol>
        </>
      )}
      <Composer
        action={submit}
        question={state.kind === "problem" && !current ? state.question : ""}
        further={turns.length > 0}
        busy={busy}
        onAsk={begin}
        onStop={stop}
      />
      {shown && <SourcePanel shown={shown} onShow={setShown} onClose={() => setShown(null)} />}
    </div>
  );
}

/** Brings a question into view as soon as it is asked. */
function useLastInView(id: string | undefined) {
  const last = useRef<HTMLLIElement>(null);
  const before = useRef(id);
  useEffect(() => {
    if (before.current !== id) last.current?.scrollIntoView({ behavior: "smooth", block: "start" });
    before.current = id;
  }, [id]);
  return last;
}

/** What the server made of the form, as a conversation of one question. */
function turnsOf(state: AskState): Turn[] {
  if (state.kind === "idle") return [];
  const empty = {
    id: "form",
    marks: [],
    passages: null,
    confidence: null,
    question: state.question,
  };
  if (state.kind === "problem") {
    const { problem } = state;
    return [{ ...empty, answer: "", citations: [], names: {}, state: "failed", problem }];
  }
  const { answer, citations, refused, confidence } = state.answer;
  return [
    {
      ...empty,
      answer,
      citations,
      names: state.names,
      state: refused ? "refused" : "answered",
      confidence: confidence ?? null,
      problem: null,
    },
  ];
}
