"use client";

import { type KeyboardEvent, useActionState } from "react";
import { MAX_QUESTION_CHARS, MIN_QUESTION_CHARS } from "@/lib/limits";
import type { AskState } from "@/lib/state";
import { AnswerView } from "./answer-view";
import { ProblemNotice } from "./problem-notice";
import { SubmitButton } from "./submit-button";

interface AskPanelProps {
  action: (state: AskState, form: FormData) => Promise<AskState>;
}

/** Asks one question and shows what came of it. Without scripts it is a plain form. */
export function AskPanel({ action }: AskPanelProps) {
  const [state, submit, pending] = useActionState(action, { kind: "idle" });
  const lastQuestion = state.kind === "idle" ? "" : state.question;
  return (
    <section aria-labelledby="ask-title" className="space-y-6">
      <form action={submit} className="card space-y-3" data-form="ask">
        <h2 id="ask-title" className="text-lg font-semibold">
          <label htmlFor="question">Your question</label>
        </h2>
        <textarea
          id="question"
          name="question"
          required
          rows={3}
          minLength={MIN_QUESTION_CHARS}
          maxLength={MAX_QUESTION_CHARS}
          key={lastQuestion}
          defaultValue={lastQuestion}
          onKeyDown={submitOnCtrlEnter}
          placeholder="What do you want to know?"
          className="field resize-y"
        />
        <SubmitButton label="Ask" pendingLabel="Looking it up…" pending={pending} />
      </form>
      <div aria-live="polite" aria-busy={pending}>
        {pending ? <Waiting /> : <Outcome state={state} />}
      </div>
    </section>
  );
}

function submitOnCtrlEnter(event: KeyboardEvent<HTMLTextAreaElement>) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  }
}

function Waiting() {
  return (
    <p className="text-soft card" role="status">
      Looking through the documents…
    </p>
  );
}

function Outcome({ state }: { state: AskState }) {
  if (state.kind === "problem") return <ProblemNotice problem={state.problem} />;
  if (state.kind === "answered") {
    return <AnswerView question={state.question} answer={state.answer} names={state.names} />;
  }
  return (
    <p className="text-soft text-sm">
      The answer will appear here, with the passages it was taken from. Where the documents don’t
      say, you will be told so.
    </p>
  );
}
