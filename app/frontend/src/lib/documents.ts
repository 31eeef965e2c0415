import "server-only";
import { cookies, headers } from "next/headers";
import { getDocument } from "./backend";
import { type Citation, type RagDocument, shortDocumentName } from "./contract";
import { MAX_LISTED_DOCUMENTS } from "./limits";
import { logFailure } from "./log";
import { BackendStatusError, type Problem, toProblem } from "./problem";

/** Ids only: the backend alone says what a document is and how it stands. */
const COOKIE = "documents";
const THIRTY_DAYS_S = 30 * 24 * 60 * 60;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Ids out of a cookie's value; what doesn't look like an id is left out. */
export function parseIds(value: string | undefined): string[] {
  const ids = (value ?? "").split(".").filter((id) => ID.test(id));
  return [...new Set(ids)].slice(0, MAX_LISTED_DOCUMENTS);
}

/** Remembers, in the visitor's browser, that this document was uploaded from it. */
export async function rememberDocument(id: string): Promise<void> {
  const jar = await cookies();
  const ids = parseIds([id, ...parseIds(jar.get(COOKIE)?.value)].join("."));
  jar.set(COOKIE, ids.join("."), {
    httpOnly: true,
    sameSite: "lax",
    secure: (await headers()).get("x-forwarded-proto") === "https",
    path: "/",
    maxAge: THIRTY_DAYS_S,
  });
}

export interface DocumentList {
  documents: RagDocument[];
  /** Why the list may be incomplete. */
  problem: Problem | null;
}

/** The documents that were uploaded from this browser, newest first. */
export async function listDocuments(): Promise<DocumentList> {
  const requestId = crypto.randomUUID();
  const ids = parseIds((await cookies()).get(COOKIE)?.value);
  const results = await Promise.allSettled(ids.map((id) => getDocument(id, requestId)));
  const errors = results.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  const failure: unknown = errors.find((error) => !isGone(error));
  if (failure !== undefined) logFailure("list_documents", requestId, failure);
  return {
    documents: results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    problem: failure === undefined ? null : toProblem(failure, "The list", requestId),
  };
}

/** A document that was deleted is no trouble: it leaves the list. */
function isGone(error: unknown): boolean {
  return error instanceof BackendStatusError && error.status === 404;
}

/** The names of the cited documents, by id; one that can't be had is named by its id. */
export async function namesOf(
  citations: Citation[],
  requestId: string,
): Promise<Record<string, string>> {
  const ids = [...new Set(citations.map((citation) => citation.documentId))];
  const entries = ids.map(async (id) => {
    try {
      return [id, (await getDocument(id, requestId)).filename] as const;
    } catch (error) {
      logFailure("name_document", requestId, error);
      return [id, shortDocumentName(id)] as const;
    }
  });
  return Object.fromEntries(await Promise.all(entries));
}
