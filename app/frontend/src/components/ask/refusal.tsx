"use client";

import { SearchX } from "lucide-react";
import type { Turn } from "@/client/conversations";
import { useTexts } from "@/texts/client";
import { AgainButton } from "./again-button";
import { SourceList } from "./source-list";

interface RefusalProps {
  turn: Turn;
  prefix: string;
  onSource: (number: number) => void;
  onAgain: (() => void) | null;
}

/** A refusal, so that it can't be taken for an answer. */
export function Refusal({ turn, prefix, onSource, onAgain }: RefusalProps) {
  const t = useTexts();
  return (
    <div data-refused className="bg-warn-sunk flex gap-3 rounded-xl px-4 py-3.5">
      <SearchX className="text-warn mt-0.5 size-5 flex-none" aria-hidden="true" />
      <div className="min-w-0 space-y-2">
        <p className="text-warn font-semibold">{t("refusal.title")}</p>
        {turn.answer && (
          <p dir="auto" className="whitespace-pre-line">
            {turn.answer}
          </p>
        )}
        <p className="text-soft text-sm">{t("refusal.advice")}</p>
        {onAgain && <AgainButton onAgain={onAgain} />}
        {turn.citations.length > 0 && (
          <SourceList title={t("answer.nearest")} turn={turn} prefix={prefix} onSource={onSource} />
        )}
      </div>
    </div>
  );
}
