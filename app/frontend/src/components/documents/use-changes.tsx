"use client";

import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { problemOf } from "@/client/api";
import {
  cancelJob,
  deleteDocuments,
  type Done,
  reindexDocuments,
  retryDocument,
} from "@/client/documents";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { ProblemNotice } from "@/components/ui/problem-notice";
import type { Problem } from "@/lib/problem";
import { useTexts } from "@/texts/client";
import type { CountKey } from "@/texts/translator";

/** What can be done with documents; `notice` says how it went, and asks before a deletion. */
export interface Changes {
  askToDelete: (ids: readonly string[]) => void;
  reindex: (ids: readonly string[]) => Promise<void>;
  retry: (id: string) => Promise<void>;
  cancel: (jobId: string) => Promise<void>;
  notice: ReactNode;
}

/** @param onDeleted called after documents were deleted, in place of loading the page anew */
export function useChanges(onDeleted?: () => void): Changes {
  const t = useTexts();
  const router = useRouter();
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [deleting, setDeleting] = useState<readonly string[]>([]);

  const run = async (work: () => Promise<string>, then = () => router.refresh()) => {
    setProblem(null);
    setSaid("");
    try {
      setSaid(await work());
      then();
    } catch (error) {
      setProblem(problemOf(error, t));
    }
  };
  const tell = (key: CountKey, { count, failed, reason }: Done) =>
    failed > 0
      ? t("documents.failed_some", { failed, count, reason: reason ?? "" })
      : t.count(key, count);
  const silently = (work: Promise<void>) => run(() => work.then(() => ""));

  return {
    askToDelete: setDeleting,
    reindex: (ids) => run(async () => tell("documents.queued", await reindexDocuments(ids, t))),
    retry: (id) => silently(retryDocument(id, t)),
    cancel: (jobId) => silently(cancelJob(jobId, t)),
    notice: (
      <>
        <p role="status" className="text-soft text-sm empty:hidden">
          {said}
        </p>
        {problem && <ProblemNotice problem={problem} />}
        {deleting.length > 0 && (
          <ConfirmDialog
            title={t.count("documents.delete.question", deleting.length)}
            confirm={t("documents.delete")}
            onClose={() => setDeleting([])}
            onConfirm={() =>
              void run(
                async () => tell("documents.deleted", await deleteDocuments(deleting, t)),
                onDeleted,
              )
            }
          >
            <p className="text-soft text-sm">{t("documents.delete.warning")}</p>
          </ConfirmDialog>
        )}
      </>
    ),
  };
}
