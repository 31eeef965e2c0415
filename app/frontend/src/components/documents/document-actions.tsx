"use client";

import { RefreshCw, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { onEnded } from "@/client/jobs";
import { useMe } from "@/client/me";
import type { RagDocument } from "@/lib/api/types";
import { may } from "@/lib/roles";
import { useTexts } from "@/texts/client";
import { useChanges } from "./use-changes";

/** What can be done with the document that is shown. */
export function DocumentActions({ document }: { document: RagDocument }) {
  const t = useTexts();
  const router = useRouter();
  const changes = useChanges(() => router.push("/documents"));
  const writes = may(useMe(), "writer");
  useEffect(() => onEnded(() => router.refresh()), [router]);
  if (!writes) return null;
  return (
    <>
      {document.status === "ready" && (
        <button
          type="button"
          className="button button-quiet"
          onClick={() => void changes.reindex([document.id])}
        >
          <RefreshCw className="size-4" aria-hidden="true" />
          {t("documents.reindex")}
        </button>
      )}
      <button
        type="button"
        className="button button-quiet text-bad"
        onClick={() => changes.askToDelete([document.id])}
      >
        <Trash2 className="size-4" aria-hidden="true" />
        {t("documents.delete")}
      </button>
      {changes.notice}
    </>
  );
}
