import "server-only";
import type { Citation } from "./api/types";
import { getDocument } from "./backend";
import { logFailure } from "./log";

/** The names of the cited documents, by id; those that can't be had are missing. */
export async function namesOf(
  citations: readonly Citation[],
  requestId: string,
): Promise<Record<string, string>> {
  const ids = [...new Set(citations.map((citation) => citation.document_id))];
  const entries = ids.map(async (id) => {
    try {
      return [[id, (await getDocument(id, requestId)).filename] as const];
    } catch (error) {
      logFailure("name_document", requestId, error);
      return [];
    }
  });
  return Object.fromEntries((await Promise.all(entries)).flat());
}
