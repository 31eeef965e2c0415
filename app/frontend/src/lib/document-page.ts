import "server-only";
import type { Translator } from "@/texts/translator";
import type { ChunkPage, RagDocument } from "./api/types";
import { getDocument, listChunks } from "./backend";
import { logFailure } from "./log";
import { BackendStatusError, type Problem, toProblem } from "./problem";

/** A document and some of its text, why it can't be had, or null where there is none. */
export async function loadDocument(
  id: string,
  cursor: string | undefined,
  t: Translator,
): Promise<{ document: RagDocument; chunks: ChunkPage } | { problem: Problem } | null> {
  const requestId = crypto.randomUUID();
  if (!/^[0-9a-f]{1,64}$/.test(id)) return null;
  try {
    const [document, chunks] = await Promise.all([
      getDocument(id, requestId),
      listChunks(id, cursor, requestId),
    ]);
    return { document, chunks };
  } catch (error) {
    if (error instanceof BackendStatusError && error.status === 404) return null;
    logFailure("show_document", requestId, error);
    return { problem: toProblem(error, "document", requestId, t) };
  }
}
