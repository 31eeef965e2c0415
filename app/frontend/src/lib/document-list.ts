import "server-only";
import type { Translator } from "@/texts/translator";
import type { Job, RagDocument } from "./api/types";
import { listDocuments, listJobs } from "./backend";
import { backendQuery, type ListView } from "./list-query";
import { logFailure } from "./log";
import { type Problem, toProblem } from "./problem";

export interface DocumentList {
  documents: RagDocument[];
  /** The cursor of the next page; null at the end. */
  next: string | null;
  /** Jobs under way of these documents. */
  jobs: Job[];
  /** Why the list could not be had. */
  problem: Problem | null;
}

/** A page of the list of documents. */
export async function loadList(view: ListView, t: Translator): Promise<DocumentList> {
  const requestId = crypto.randomUUID();
  try {
    const page = await listDocuments(backendQuery(view), requestId);
    const pending = page.items.length > 0 ? await jobsUnderWay(requestId) : [];
    const ids = new Set(page.items.map((document) => document.id));
    const jobs = pending.filter((job) => ids.has(job.document_id));
    return { documents: page.items, next: page.next_cursor ?? null, jobs, problem: null };
  } catch (error) {
    logFailure("list_documents", requestId, error);
    return {
      documents: [],
      next: null,
      jobs: [],
      problem: toProblem(error, "list", requestId, t),
    };
  }
}

/** The list is worth showing without them: then it has no progress. */
async function jobsUnderWay(requestId: string): Promise<Job[]> {
  try {
    const pages = await Promise.all([
      listJobs("running", requestId),
      listJobs("queued", requestId),
    ]);
    return pages.flatMap((page) => page.items);
  } catch (error) {
    logFailure("list_jobs", requestId, error);
    return [];
  }
}
