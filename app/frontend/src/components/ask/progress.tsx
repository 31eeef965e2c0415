"use client";

import type { Turn } from "@/client/conversations";
import { useTexts } from "@/texts/client";

/** What is being done for an answer that is not there yet. */
export function Progress({ turn }: { turn: Turn }) {
  const t = useTexts();
  if (turn.answer) return null;
  return (
    <div role="status" className="text-soft space-y-3 text-sm">
      <p className="flex items-center gap-2">
        <span className="bg-accent size-2 animate-pulse rounded-full" aria-hidden="true" />
        {turn.passages === null ? t("ask.searching") : t.count("ask.reading", turn.passages)}
      </p>
      <div className="animate-pulse space-y-2" aria-hidden="true">
        <div className="bg-sunk h-3.5 w-full rounded" />
        <div className="bg-sunk h-3.5 w-11/12 rounded" />
        <div className="bg-sunk h-3.5 w-2/3 rounded" />
      </div>
    </div>
  );
}
