"use client";

import { RotateCcw } from "lucide-react";
import { useTexts } from "@/texts/client";

interface AgainButtonProps {
  onAgain: () => void;
  /** Only the picture, among other buttons. */
  quiet?: boolean;
}

/** Asks a question again. */
export function AgainButton({ onAgain, quiet }: AgainButtonProps) {
  const t = useTexts();
  const label = t("answer.again");
  if (quiet) {
    return (
      <button
        type="button"
        className="icon-button"
        aria-label={label}
        title={label}
        onClick={onAgain}
      >
        <RotateCcw className="size-4" aria-hidden="true" />
      </button>
    );
  }
  return (
    <button type="button" className="button button-quiet bg-card mt-1" onClick={onAgain}>
      <RotateCcw className="size-4" aria-hidden="true" />
      {label}
    </button>
  );
}
