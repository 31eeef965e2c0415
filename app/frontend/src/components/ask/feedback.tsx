"use client";

import { ThumbsDown, ThumbsUp } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { post, problemOf } from "@/client/api";
import type { Turn } from "@/client/conversations";
import { ProblemNotice } from "@/components/ui/problem-notice";
import type { NewFeedback } from "@/lib/api/types";
import { MAX_NOTE_CHARS, MAX_TURN_CHARS } from "@/lib/limits";
import type { Problem } from "@/lib/problem";
import { useTexts } from "@/texts/client";

type Verdict = NewFeedback["verdict"];

/** What somebody thinks of an answer, with a note. Its texts are sent only where that is ticked. */
export function Feedback({ turn }: { turn: Turn }) {
  const t = useTexts();
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [sent, setSent] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const note = useId();
  if (sent) {
    return (
      <p role="status" className="text-soft text-sm" data-feedback="sent">
        {t("feedback.thanks")}
      </p>
    );
  }
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (verdict === null) return;
    setProblem(null);
    try {
      await post(
        "/api/v1/feedback",
        given(verdict, turn, new FormData(event.currentTarget)),
        "change",
        t,
      );
      setSent(true);
    } catch (error) {
      setProblem(problemOf(error, t));
    }
  };
  return (
    <div className="space-y-3" data-feedback>
      <div role="group" aria-label={t("feedback.label")} className="flex gap-1">
        {(["up", "down"] as const).map((each) => {
          const Icon = each === "up" ? ThumbsUp : ThumbsDown;
          return (
            <button
              key={each}
              type="button"
              className="icon-button aria-pressed:text-accent"
              aria-pressed={verdict === each}
              aria-label={t(`feedback.${each}`)}
              title={t(`feedback.${each}`)}
              onClick={() => setVerdict(verdict === each ? null : each)}
            >
              <Icon className="size-4" aria-hidden="true" />
            </button>
          );
        })}
      </div>
      {verdict !== null && (
        <form
          onSubmit={(event) => void send(event)}
          className="card max-w-xl space-y-3 p-4 text-sm"
        >
          <label htmlFor={note} className="block font-medium">
            {t("feedback.note")}
          </label>
          <textarea
            id={note}
            name="note"
            rows={2}
            maxLength={MAX_NOTE_CHARS}
            className="field w-full"
          />
          <label className="flex items-center gap-2">
            <input type="checkbox" name="texts" className="accent-accent size-4" />
            {t("feedback.texts")}
          </label>
          <button type="submit" className="button">
            {t("feedback.send")}
          </button>
          {problem && <ProblemNotice problem={problem} />}
        </form>
      )}
    </div>
  );
}

function given(verdict: Verdict, turn: Turn, form: FormData): NewFeedback {
  const note = String(form.get("note")).trim();
  return {
    verdict,
    document_ids: [...new Set(turn.citations.map((each) => each.document_id))],
    ...(note && { note }),
    ...(form.has("texts") && {
      question: turn.question.slice(0, MAX_NOTE_CHARS),
      ...(turn.answer && { answer: turn.answer.slice(0, MAX_TURN_CHARS) }),
    }),
  };
}
