import type { DocumentStatus } from "./api/types";

const KNOWN: readonly string[] = ["ready", "failed", "deleting"] satisfies DocumentStatus[];

/** What a document's status means for the visitor; an unknown one is not called ready. */
export function readinessOf(status: string): DocumentStatus {
  return KNOWN.includes(status) ? (status as DocumentStatus) : "processing";
}
