"use client";

import { ChevronLeft, ChevronRight, Download, FileText, X } from "lucide-react";
import Link from "next/link";
import { useEffect, useId, useRef } from "react";
import type { Turn } from "@/client/conversations";
import { useTexts } from "@/texts/client";
import { SourceBody } from "./source-body";

/** Which source of which turn is open. */
export interface Shown {
  turn: Turn;
  number: number;
}

interface SourcePanelProps {
  shown: Shown;
  onShow: (shown: Shown) => void;
  onClose: () => void;
}

/** A cited passage where it stands in its document. */
export function SourcePanel({ shown, onShow, onClose }: SourcePanelProps) {
  const t = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const { turn, number } = shown;
  const citation = turn.citations[number - 1];
  if (!citation) return null;
  const id = citation.document_id;
  const name = turn.names[id] ?? t("answer.document", { id: id.slice(0, 8) });
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      className="sheet"
      data-panel
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      <div className="flex h-full flex-col">
        <header className="border-line flex items-center gap-2 border-b py-2.5 pr-2 pl-4">
          <span className="cite m-0">{number}</span>
          <h2 id={heading} className="min-w-0 flex-1 truncate text-sm font-semibold">
            {name}
          </h2>
          <Step shown={shown} by={-1} onShow={onShow} />
          <Step shown={shown} by={1} onShow={onShow} />
          <button
            type="button"
            className="icon-button"
            aria-label={t("source.close")}
            onClick={() => dialog.current?.close()}
          >
            <X className="size-5" aria-hidden="true" />
          </button>
        </header>
        <SourceBody key={`${id}-${number}`} citation={citation} name={name} />
        <footer className="border-line flex flex-wrap gap-2 border-t p-3">
          <Link
            href={`/documents/${id}`}
            prefetch={false}
            className="button button-quiet"
            onClick={() => dialog.current?.close()}
          >
            <FileText className="size-4" aria-hidden="true" />
            {t("source.whole")}
          </Link>
          <a href={`/api/v1/documents/${id}/content`} className="button button-quiet" download>
            <Download className="size-4" aria-hidden="true" />
            {t("source.download")}
          </a>
        </footer>
      </div>
    </dialog>
  );
}

function Step({ shown, by, onShow }: { shown: Shown; by: 1 | -1; onShow: (to: Shown) => void }) {
  const t = useTexts();
  const { turn, number } = shown;
  if (turn.citations.length < 2) return null;
  const Icon = by > 0 ? ChevronRight : ChevronLeft;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={by > 0 ? t("source.next") : t("source.previous")}
      disabled={!turn.citations[number - 1 + by]}
      onClick={() => onShow({ turn, number: number + by })}
    >
      <Icon className="size-5" aria-hidden="true" />
    </button>
  );
}
