"use client";

import { X } from "lucide-react";
import { CopyButton } from "@/components/ask/copy-button";
import type { CreatedKey } from "@/lib/api/types";
import { useTexts } from "@/texts/client";

/** The text of a key that was just made. It is nowhere else, and gone when the page is left. */
export function NewSecret({ made, onClose }: { made: CreatedKey; onClose: () => void }) {
  const t = useTexts();
  return (
    <div
      role="status"
      data-secret
      className="bg-accent-sunk space-y-2 rounded-xl px-4 py-3 text-sm"
    >
      <div className="flex items-start gap-2">
        <p className="text-accent flex-1 font-semibold">{t("keys.secret", { name: made.name })}</p>
        <button
          type="button"
          className="icon-button -mt-1.5 -mr-2"
          aria-label={t("keys.secret.close")}
          title={t("keys.secret.close")}
          onClick={onClose}
        >
          <X className="size-4" aria-hidden="true" />
        </button>
      </div>
      <div className="flex items-center gap-2">
        <code className="bg-card min-w-0 flex-1 rounded-lg px-3 py-2 text-xs break-all select-all">
          {made.key}
        </code>
        <CopyButton text={made.key} />
      </div>
    </div>
  );
}
