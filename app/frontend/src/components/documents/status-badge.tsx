"use client";

import { CircleAlert, CircleCheck, Clock, LoaderCircle } from "lucide-react";
import type { Job } from "@/lib/api/types";
import { readinessOf } from "@/lib/readiness-of";
import { useTexts } from "@/texts/client";
import type { Translator } from "@/texts/translator";

const LOOKS = {
  ready: { style: "text-accent bg-accent-sunk", Icon: CircleCheck },
  processing: { style: "text-warn bg-warn-sunk", Icon: LoaderCircle },
  deleting: { style: "text-soft bg-sunk", Icon: Clock },
  failed: { style: "text-bad bg-bad-sunk", Icon: CircleAlert },
} as const;

interface StatusBadgeProps {
  status: string;
  /** What is being done about the document; its stage is told. */
  job?: Job | undefined;
}

/** How a document stands. */
export function StatusBadge({ status, job }: StatusBadgeProps) {
  const t = useTexts();
  const readiness = job ? "processing" : readinessOf(status);
  const { style, Icon } = LOOKS[readiness];
  return (
    <span className={`badge ${style}`}>
      <Icon className="size-3.5" aria-hidden="true" />
      {job ? stageOf(job, t) : t(`status.${readiness}`)}
    </span>
  );
}

/** What a job does at the moment. */
export function stageOf(job: Job, t: Translator): string {
  if (job.state === "queued") return t("stage.queued");
  if (job.state === "running") {
    const stage = STAGES.find((each) => each === job.stage);
    return stage ? t(`stage.${stage}`) : t("status.processing");
  }
  return t(ENDS[job.state]);
}

const STAGES = ["fetch", "parse", "embed", "index"] as const;
const ENDS = {
  succeeded: "stage.ready",
  failed: "stage.failed",
  cancelled: "stage.cancelled",
} as const;
