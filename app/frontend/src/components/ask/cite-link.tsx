"use client";

import type { Turn } from "@/client/conversations";
import { useTexts } from "@/texts/client";

interface CiteLinkProps {
  turn: Turn;
  number: number;
  prefix: string;
  onSource: (number: number) => void;
}

/** The number of a source; it opens the passage, and without scripts leads to the list. */
export function CiteLink({ turn, number, prefix, onSource }: CiteLinkProps) {
  const t = useTexts();
  const citation = turn.citations[number - 1];
  const id = citation?.document_id ?? "";
  const name = turn.names[id] ?? t("answer.document", { id: id.slice(0, 8) });
  return (
    <a
      href={`#${prefix}source-${number}`}
      className="cite"
      aria-label={t("answer.source", { number, name, page: citation?.page ?? 1 })}
      onClick={(event) => {
        event.preventDefault();
        onSource(number);
      }}
    >
      {number}
    </a>
  );
}
