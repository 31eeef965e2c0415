"use client";

import { RefreshCw, Trash2, X } from "lucide-react";
import { useTexts } from "@/texts/client";

interface BulkBarProps {
  count: number;
  onDelete: () => void;
  onReindex: () => void;
  onClear: () => void;
}

/** What can be done with the chosen documents. */
export function BulkBar({ count, onDelete, onReindex, onClear }: BulkBarProps) {
  const t = useTexts();
  return (
    <div
      role="toolbar"
      aria-label={t("documents.actions")}
      className="bg-accent-sunk sticky top-16 z-10 flex flex-wrap items-center gap-2 rounded-xl py-1.5 pr-1.5 pl-4 text-sm lg:top-2"
    >
      <p className="text-accent flex-1 font-semibold">{t.count("documents.selected", count)}</p>
      <button type="button" className="button button-quiet bg-card" onClick={onReindex}>
        <RefreshCw className="size-4" aria-hidden="true" />
        {t("documents.reindex")}
      </button>
      <button type="button" className="button button-quiet bg-card text-bad" onClick={onDelete}>
        <Trash2 className="size-4" aria-hidden="true" />
        {t("documents.delete")}
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t("documents.unselect")}
        title={t("documents.unselect")}
        onClick={onClear}
      >
        <X className="size-4" aria-hidden="true" />
      </button>
    </div>
  );
}
