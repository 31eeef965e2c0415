"use client";

import { ArrowUp, Square } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useRef } from "react";
import { MAX_QUESTION_CHARS, MIN_QUESTION_CHARS } from "@/lib/limits";
import { useTexts } from "@/texts/client";
import { CollectionChoice } from "./collection-choice";

interface ComposerProps {
  /** Takes the form where scripts don't run. */
  action: (form: FormData) => void;
  /** What the field holds at first. */
  question: string;
  /** Whether it is not the first question. */
  further: boolean;
  busy: boolean;
  onAsk: (question: string) => void;
  onStop: () => void;
}

/** The field for a question. */
export function Composer({ action, question, further, busy, onAsk, onStop }: ComposerProps) {
  const t = useTexts();
  const field = useRef<HTMLTextAreaElement>(null);

  const send = (event: FormEvent) => {
    event.preventDefault();
    const text = field.current?.value.trim() ?? "";
    if (busy || text.length < MIN_QUESTION_CHARS) return;
    onAsk(text);
    if (field.current) field.current.value = "";
  };

  return (
    <div className={further ? "bg-page sticky bottom-0 pb-4" : "flex-[3]"}>
      <form
        action={action}
        onSubmit={send}
        data-form="ask"
        className="bg-card border-field/60 shadow-raised focus-within:border-accent rounded-2xl border p-2"
      >
        <label htmlFor="question" className="sr-only">
          {further ? t("ask.label.further") : t("ask.label")}
        </label>
        <div className="flex items-end gap-2">
          <textarea
            ref={field}
            id="question"
            name="question"
            required
            rows={1}
            minLength={MIN_QUESTION_CHARS}
            maxLength={MAX_QUESTION_CHARS}
            key={question}
            defaultValue={question}
            onKeyDown={sendOnEnter}
            placeholder={further ? t("ask.placeholder.further") : t("ask.placeholder")}
            aria-describedby="question-hint"
            className="field-sizing-content placeholder:text-soft max-h-60 min-h-10 w-full resize-none bg-transparent px-2.5 py-2 outline-none"
          />
          {busy ? (
            <button
              type="button"
              className="button button-quiet size-10 flex-none rounded-xl p-0"
              aria-label={t("ask.stop")}
              title={t("ask.stop")}
              onClick={onStop}
            >
              <Square className="size-4 fill-current" aria-hidden="true" />
            </button>
          ) : (
            <button
              type="submit"
              className="button size-10 flex-none rounded-xl p-0"
              aria-label={t("ask.submit")}
              title={t("ask.submit")}
            >
              <ArrowUp className="size-5" aria-hidden="true" />
            </button>
          )}
        </div>
        <CollectionChoice />
      </form>
      <p
        id="question-hint"
        className={further ? "sr-only" : "text-soft mt-3 hidden text-center text-xs sm:block"}
      >
        {t("ask.hint")}
      </p>
    </div>
  );
}

/** Not while an input method composes a word: there Enter takes the word. */
function sendOnEnter(event: KeyboardEvent<HTMLTextAreaElement>) {
  if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
  event.preventDefault();
  event.currentTarget.form?.requestSubmit();
}
