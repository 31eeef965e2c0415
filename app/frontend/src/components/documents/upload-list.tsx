"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { hasEnded, jobs, onEnded } from "@/client/jobs";
import { useStore } from "@/client/store";
import { forget, type UploadEntry, uploads } from "@/client/uploads";
import type { Job } from "@/lib/api/types";
import { useTexts } from "@/texts/client";
import { UploadRow } from "./upload-row";

/** Milliseconds in which further ends are awaited before the list is loaded anew. */
const REFRESH_MS = 400;

/** The files that were chosen here, and how far each of them is. */
export function UploadList() {
  const t = useTexts();
  const entries = useStore(uploads);
  const known = useStore(jobs);
  useRefreshOnEnd();
  if (entries.length === 0) return null;
  const jobOf = (entry: UploadEntry) => (entry.jobId ? known.get(entry.jobId) : undefined);
  const ends = entries.map((entry) => endOf(entry, jobOf(entry)));
  const ready = ends.filter((end) => end === "ready").length;
  const failed = ends.filter((end) => end === "failed").length;
  const finished = entries.filter((_, index) => ends[index] !== null).map((entry) => entry.key);
  return (
    <div className="card overflow-hidden" data-uploads>
      <div className="border-line flex items-center justify-between gap-3 border-b py-1 pr-1.5 pl-4">
        <h2 className="text-sm font-semibold">{t("upload.list")}</h2>
        <p role="status" className="text-soft flex-1 text-sm">
          {t("upload.summary", { ready, count: entries.length })}
          {failed > 0 && ` · ${t("upload.summary.failed", { failed })}`}
        </p>
        <button
          type="button"
          className="button button-quiet border-transparent"
          disabled={finished.length === 0}
          onClick={() => forget(finished)}
        >
          {t("upload.clear")}
        </button>
      </div>
      <ul className="divide-line max-h-80 divide-y overflow-y-auto">
        {entries.map((entry) => (
          <UploadRow key={entry.key} entry={entry} job={jobOf(entry)} />
        ))}
      </ul>
    </div>
  );
}

/** How an upload has ended; null while it goes on. */
function endOf(entry: UploadEntry, job: Job | undefined): "ready" | "failed" | null {
  if (entry.phase === "known") return "ready";
  if (entry.phase === "failed" || entry.phase === "cancelled") return "failed";
  if (!job || !hasEnded(job)) return null;
  return job.state === "succeeded" ? "ready" : "failed";
}

/** Renders the page anew, from the server, after a job has ended or a document has arrived. */
function useRefreshOnEnd(): void {
  const router = useRouter();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let arrived = countArrived();
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => router.refresh(), REFRESH_MS);
    };
    const leaveJobs = onEnded(soon);
    const leaveUploads = uploads.subscribe(() => {
      const now = countArrived();
      if (now > arrived) soon();
      arrived = now;
    });
    return () => {
      clearTimeout(timer);
      leaveJobs();
      leaveUploads();
    };
  }, [router]);
}

function countArrived(): number {
  return uploads.value.filter((entry) => entry.documentId !== null).length;
}
