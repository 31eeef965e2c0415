"use client";

import { CircleAlert, CircleCheck, FileText, RotateCcw, X } from "lucide-react";
import { hasEnded } from "@/client/jobs";
import { canSendAgain, cancelSending, change, sendAgain, type UploadEntry } from "@/client/uploads";
import { cancelJob, retryJob } from "@/client/documents";
import type { Job } from "@/lib/api/types";
import { useTexts } from "@/texts/client";
import type { Translator } from "@/texts/translator";
import { stageOf } from "./status-badge";

interface UploadRowProps {
  entry: UploadEntry;
  /** The job that reads it, once there is one. */
  job: Job | undefined;
}

/** One file on its way: how far it is, why it failed, and what can be done. */
export function UploadRow({ entry, job }: UploadRowProps) {
  const t = useTexts();
  const { phase, failed, text, share } = progressOf(entry, job, t);
  const Icon = failed ? CircleAlert : phase === "ready" ? CircleCheck : FileText;
  const color = failed ? "text-bad" : phase === "ready" ? "text-accent" : "text-soft";
  return (
    <li
      className="flex items-start gap-3 px-4 py-2.5 text-sm"
      data-upload={entry.name}
      data-phase={phase}
    >
      <Icon className={`mt-0.5 size-4 flex-none ${color}`} aria-hidden="true" />
      <div className="min-w-0 flex-1 space-y-1">
        <div className="flex flex-wrap items-baseline justify-between gap-x-3">
          <span className="min-w-0 truncate font-medium">{entry.name}</span>
          <span className="text-soft text-xs">
            {text} · {t.bytes(entry.size)}
          </span>
        </div>
        {share !== null && (
          <progress
            className="bar"
            value={share}
            aria-label={t("upload.progress", { name: entry.name })}
          />
        )}
        <Reason entry={entry} job={job} />
      </div>
      <Actions entry={entry} job={job} ended={phase === "ready"} failed={failed} />
    </li>
  );
}

interface Progress {
  phase: UploadEntry["phase"] | Job["state"] | "ready";
  failed: boolean;
  text: string;
  /** From 0 to 1; null where there is nothing to wait for. */
  share: number | null;
}

function progressOf(entry: UploadEntry, job: Job | undefined, t: Translator): Progress {
  if (entry.phase === "sent" && job) {
    const share = hasEnded(job) ? null : job.progress;
    const failed = job.state === "failed" || job.state === "cancelled";
    const phase = job.state === "succeeded" ? "ready" : job.state;
    return { phase, failed, text: stageOf(job, t), share };
  }
  const failed = entry.phase === "failed" || entry.phase === "cancelled";
  const known = entry.phase === "known";
  return {
    phase: known ? "ready" : entry.phase,
    failed,
    text: t(PHASES[entry.phase]),
    share: failed || known ? null : entry.share,
  };
}

const PHASES = {
  waiting: "stage.waiting",
  uploading: "stage.uploading",
  busy: "stage.busy",
  sent: "stage.queued",
  known: "stage.known",
  failed: "stage.failed",
  cancelled: "stage.cancelled",
} as const;

function Reason({ entry, job }: UploadRowProps) {
  const t = useTexts();
  if (entry.problem) {
    const { title, detail, remedy } = entry.problem;
    return (
      <p role="alert" data-problem className="text-xs wrap-anywhere">
        <span className="text-bad font-semibold">{title}.</span> {detail} {remedy}
      </p>
    );
  }
  if (!job?.reason || job.state === "succeeded") return null;
  const { attempts, max_attempts: most } = job;
  return (
    <p className="text-xs wrap-anywhere">
      {job.reason.detail}
      {job.state === "queued" && ` · ${t("stage.attempt", { attempt: attempts, most })}`}
    </p>
  );
}

interface ActionsProps extends UploadRowProps {
  ended: boolean;
  failed: boolean;
}

function Actions({ entry, job, ended, failed }: ActionsProps) {
  const t = useTexts();
  if (ended || (failed && !job && !canSendAgain(entry.key))) return null;
  const { key } = entry;
  const again = () => (job ? void change(key, retryJob(job.id, t), t) : sendAgain(key, t));
  const cancel = () => (job ? void change(key, cancelJob(job.id, t), t) : cancelSending(key, t));
  const label = failed ? t("documents.retry") : t("documents.cancel");
  const Icon = failed ? RotateCcw : X;
  return (
    <button
      type="button"
      className="icon-button -my-2 -mr-2.5"
      aria-label={`${label}: ${entry.name}`}
      title={label}
      onClick={failed ? again : cancel}
    >
      <Icon className="size-4" aria-hidden="true" />
    </button>
  );
}
