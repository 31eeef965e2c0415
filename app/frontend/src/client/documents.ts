import { parseJobPage } from "@/lib/contract";
import type { Job, Outcome } from "@/lib/api/types";
import type { Translator } from "@/texts/translator";
import { get, post } from "./api";
import { follow, hasEnded } from "./jobs";

/** Changes of documents, as the pages ask for them. All throw ProblemError. */

/** How a change of several documents went. */
export interface Done {
  count: number;
  failed: number;
  /** Why the first of those that failed did. */
  reason: string | null;
}

/** Deletes documents with all that was made of them. */
export async function deleteDocuments(ids: readonly string[], t: Translator): Promise<Done> {
  return done(await post("/api/v1/documents/delete", { ids }, "change", t));
}

/** Reads documents again, out of the files that are kept. */
export async function reindexDocuments(ids: readonly string[], t: Translator): Promise<Done> {
  return done(await post("/api/v1/documents/reindex", { ids }, "change", t));
}

function done(body: unknown): Done {
  const { items } = body as { items: Outcome[] };
  const failed = items.filter((item) => item.status >= 400);
  for (const { job } of items) if (job) follow(job);
  return {
    count: items.length,
    failed: failed.length,
    reason: failed[0]?.problem?.detail ?? null,
  };
}

/** Queues a job again that failed or was cancelled. */
export async function retryJob(id: string, t: Translator): Promise<void> {
  follow((await post(`/api/v1/jobs/${id}/retry`, undefined, "change", t)) as Job);
}

/** Ends a job that waits or runs. */
export async function cancelJob(id: string, t: Translator): Promise<void> {
  follow((await post(`/api/v1/jobs/${id}/cancel`, undefined, "change", t)) as Job);
}

/** Tries again what a document failed by: its newest job. */
export async function retryDocument(id: string, t: Translator): Promise<void> {
  const body = await get(`/api/v1/jobs?document_id=${id}&limit=1`, "change", t);
  const [job] = parseJobPage(body).items;
  if (job && hasEnded(job)) await retryJob(job.id, t);
}
