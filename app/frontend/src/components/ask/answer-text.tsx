"use client";

import { lazy, Suspense } from "react";
import type { Turn } from "@/client/conversations";
import { splitAnswer } from "@/lib/answer-text";
import { CiteLink } from "./cite-link";

/** Loaded only where a model writes: most of the page's scripts would be this. */
const MarkdownText = lazy(() => import("./markdown-text"));

interface AnswerTextProps {
  turn: Turn;
  prefix: string;
  markdown: boolean;
  onSource: (number: number) => void;
}

/** The text of an answer, with the numbers of its sources where they belong. */
export function AnswerText({ turn, prefix, markdown, onSource }: AnswerTextProps) {
  const segments = splitAnswer(turn.answer, turn.citations.length, turn.marks);
  const link = (number: number, key?: number) => (
    <CiteLink key={key} turn={turn} number={number} prefix={prefix} onSource={onSource} />
  );
  const plain = segments.map((segment, index) =>
    "text" in segment ? segment.text : link(segment.source, index),
  );
  return (
    <div
      data-answer-text
      dir="auto"
      className="text-[1.0625rem] leading-7 wrap-anywhere whitespace-pre-line"
    >
      {markdown ? (
        // As plain text until it is loaded: the first words are not held back.
        <Suspense fallback={plain}>
          <MarkdownText segments={segments} link={link} />
        </Suspense>
      ) : (
        plain
      )}
    </div>
  );
}
