"use client";

import type { Turn } from "@/client/conversations";
import type { Citation } from "@/lib/api/types";
import { useTexts } from "@/texts/client";

interface SourceListProps {
  title: string;
  turn: Turn;
  prefix: string;
  onSource: (number: number) => void;
}

/** The numbered sources of an answer. */
export function SourceList({ title, turn, prefix, onSource }: SourceListProps) {
  return (
    <section aria-label={title}>
      <h3 className="text-soft mb-2 text-xs font-semibold">{title}</h3>
      <ol className="grid gap-2 sm:grid-cols-2">
        {turn.citations.map((citation, index) => (
          <Source
            key={index}
            number={index + 1}
            citation={citation}
            name={turn.names[citation.document_id]}
            prefix={prefix}
            onOpen={() => onSource(index + 1)}
          />
        ))}
      </ol>
    </section>
  );
}

interface SourceProps {
  number: number;
  citation: Citation;
  name: string | undefined;
  prefix: string;
  onOpen: () => void;
}

function Source({ number, citation, name, prefix, onOpen }: SourceProps) {
  const t = useTexts();
  const id = citation.document_id;
  return (
    <li
      id={`${prefix}source-${number}`}
      data-source={id}
      className="border-line bg-card hover:border-field relative scroll-mt-16 rounded-xl border px-3 py-2.5"
    >
      <div className="flex items-center gap-2 text-sm">
        <span className="cite m-0">{number}</span>
        <cite className="min-w-0 flex-1 truncate font-medium not-italic">
          <button
            type="button"
            className="max-w-full truncate text-left after:absolute after:inset-0 after:rounded-xl"
            onClick={onOpen}
          >
            {name ?? t("answer.document", { id: id.slice(0, 8) })}
          </button>
        </cite>
        {citation.page > 0 && (
          <span className="text-soft flex-none text-xs">
            {t("answer.page", { page: citation.page })}
          </span>
        )}
      </div>
      <blockquote
        dir="auto"
        className="text-soft mt-1.5 line-clamp-3 text-xs leading-5 wrap-anywhere whitespace-pre-line"
      >
        {citation.excerpt}
      </blockquote>
    </li>
  );
}
