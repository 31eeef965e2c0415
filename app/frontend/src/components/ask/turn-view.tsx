"use client";

import type { Turn } from "@/client/conversations";
import { ProblemNotice } from "@/components/ui/problem-notice";
import { useTexts } from "@/texts/client";
import { AgainButton } from "./again-button";
import { AnswerText } from "./answer-text";
import { CopyButton } from "./copy-button";
import { Feedback } from "./feedback";
import { Progress } from "./progress";
import { Refusal } from "./refusal";
import { SourceList } from "./source-list";

interface TurnViewProps {
  turn: Turn;
  /** Begins the ids of its sources, so that they differ from those of other turns. */
  prefix: string;
  markdown: boolean;
  onSource: (number: number) => void;
  /** Null while it can't be asked again. */
  onAgain: (() => void) | null;
}

/** A question and what came of it. */
export function TurnView(props: TurnViewProps) {
  const { turn } = props;
  const asking = turn.state === "asking";
  return (
    <article className="space-y-4" aria-label={turn.question} data-turn={turn.state}>
      <h2 className="text-xl font-semibold tracking-tight wrap-anywhere whitespace-pre-line">
        {turn.question}
      </h2>
      <div aria-live="polite" aria-busy={asking} className="space-y-4">
        <Outcome {...props} />
      </div>
    </article>
  );
}

function Outcome(props: TurnViewProps) {
  const { turn, onAgain, onSource, prefix } = props;
  if (turn.state === "refused") {
    return (
      <>
        <Refusal turn={turn} prefix={prefix} onSource={onSource} onAgain={onAgain} />
        <Feedback turn={turn} />
      </>
    );
  }
  return (
    <>
      {turn.answer && <Answer {...props} />}
      {turn.state === "asking" && <Progress turn={turn} />}
      {turn.state === "stopped" && <Stopped {...props} />}
      {turn.state === "failed" && turn.problem && (
        <ProblemNotice problem={turn.problem}>
          {onAgain && <AgainButton onAgain={onAgain} />}
        </ProblemNotice>
      )}
    </>
  );
}

function Answer({ turn, prefix, markdown, onSource, onAgain }: TurnViewProps) {
  const t = useTexts();
  const done = turn.state === "answered";
  const none = done && turn.citations.length === 0;
  return (
    <div className="space-y-4" data-answer={done || undefined}>
      <AnswerText turn={turn} prefix={prefix} markdown={markdown} onSource={onSource} />
      {none && (
        <p data-no-sources className="bg-warn-sunk text-warn rounded-xl px-4 py-3 text-sm">
          {t("answer.no_sources")}
        </p>
      )}
      {turn.citations.length > 0 && (
        <SourceList title={t("answer.sources")} turn={turn} prefix={prefix} onSource={onSource} />
      )}
      {done && (
        <div className="flex items-center gap-1">
          <CopyButton text={turn.answer} />
          {onAgain && <AgainButton onAgain={onAgain} quiet />}
          {turn.confidence !== null && (
            <span className="text-soft ml-auto text-xs">
              {t("answer.confidence", { percent: t.percent(turn.confidence) })}
            </span>
          )}
        </div>
      )}
      {done && <Feedback turn={turn} />}
    </div>
  );
}

function Stopped({ turn, onAgain }: TurnViewProps) {
  const t = useTexts();
  return (
    <div className="text-soft space-y-2 text-sm" data-stopped>
      <p>{turn.answer ? t("answer.stopped") : t("answer.interrupted")}</p>
      {onAgain && <AgainButton onAgain={onAgain} />}
    </div>
  );
}
