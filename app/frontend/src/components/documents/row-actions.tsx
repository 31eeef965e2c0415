"use client";

import { type LucideIcon, RefreshCw, RotateCcw, Trash2, X } from "lucide-react";
import type { Job, RagDocument } from "@/lib/api/types";
import { readinessOf } from "@/lib/readiness-of";
import { useTexts } from "@/texts/client";
import type { Changes } from "./use-changes";

interface RowActionsProps {
  document: RagDocument;
  job: Job | undefined;
  changes: Changes;
}

/** What can be done with one document, by how it stands. */
export function RowActions({ document, job, changes }: RowActionsProps) {
  const t = useTexts();
  const { id, filename, status } = document;
  const readiness = readinessOf(status);
  return (
    <div className="flex justify-end">
      {job ? (
        <IconAction
          label={t("documents.cancel")}
          name={filename}
          Icon={X}
          onClick={() => void changes.cancel(job.id)}
        />
      ) : (
        <>
          {readiness === "ready" && (
            <IconAction
              label={t("documents.reindex")}
              name={filename}
              Icon={RefreshCw}
              onClick={() => void changes.reindex([id])}
            />
          )}
          {readiness === "failed" && (
            <IconAction
              label={t("documents.retry")}
              name={filename}
              Icon={RotateCcw}
              onClick={() => void changes.retry(id)}
            />
          )}
        </>
      )}
      <IconAction
        label={t("documents.delete")}
        name={filename}
        Icon={Trash2}
        onClick={() => changes.askToDelete([id])}
      />
    </div>
  );
}

interface IconActionProps {
  label: string;
  name: string;
  Icon: LucideIcon;
  onClick: () => void;
}

function IconAction({ label, name, Icon, onClick }: IconActionProps) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`${label}: ${name}`}
      title={label}
      onClick={onClick}
    >
      <Icon className="size-4" aria-hidden="true" />
    </button>
  );
}
