/**
 * What the backend says, as types, and the checks that it really said so.
 *
 * The backend is another program that is rolled out on its own: an answer is
 * taken for what it claims to be only after a look at its shape.
 */

export interface RagDocument {
  id: string;
  filename: string;
  /** As the backend names it, for example "ready". */
  status: string;
  /** Why indexing failed, where it did. */
  error: string | null;
  pages: number | null;
  chunks: number | null;
}

export interface Citation {
  documentId: string;
  excerpt: string;
  /** Counted from 1; null where a document has no pages. */
  page: number | null;
}

export interface Answer {
  answer: string;
  citations: Citation[];
  refused: boolean;
}

/** The fields of application/problem+json (RFC 9457) that are shown. */
export interface BackendProblem {
  title: string | null;
  detail: string | null;
}

/** The backend sent something that the contract doesn't allow. */
export class ContractError extends Error {
  constructor(what: string) {
    super(`the backend's answer doesn't fit the contract: ${what}`);
    this.name = "ContractError";
  }
}

type Json = Record<string, unknown>;

function asObject(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new ContractError(`${what} is not an object`);
}

function asString(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new ContractError(`${what} is not a text`);
}

function optionalString(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function optionalCount(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
}

/** Reads the body of POST /v1/documents and GET /v1/documents/{id}. */
export function parseDocument(value: unknown): RagDocument {
  const json = asObject(value, "document");
  const id = asString(json["id"], "document.id");
  return {
    id,
    filename: optionalString(json["filename"]) ?? shortDocumentName(id),
    status: asString(json["status"], "document.status"),
    error: optionalString(json["error"]),
    pages: optionalCount(json["pages"]),
    chunks: optionalCount(json["chunks"]),
  };
}

function parseCitation(value: unknown, index: number): Citation {
  const what = `citations[${index}]`;
  const json = asObject(value, what);
  return {
    documentId: asString(json["document_id"], `${what}.document_id`),
    excerpt: asString(json["excerpt"], `${what}.excerpt`),
    page: optionalCount(json["page"]) || null,
  };
}

/** Reads the body of POST /v1/ask. */
export function parseAnswer(value: unknown): Answer {
  const json = asObject(value, "answer");
  const citations = json["citations"];
  if (!Array.isArray(citations)) throw new ContractError("citations is not a list");
  if (typeof json["refused"] !== "boolean") throw new ContractError("refused is not true or false");
  return {
    answer: asString(json["answer"], "answer"),
    citations: citations.map(parseCitation),
    refused: json["refused"],
  };
}

/** Reads an error body; anything that is no problem report gives empty fields. */
export function parseProblem(value: unknown): BackendProblem {
  if (typeof value !== "object" || value === null) return { title: null, detail: null };
  const json = value as Json;
  return { title: optionalString(json["title"]), detail: optionalString(json["detail"]) };
}

/** A stand-in where a document's name isn't known. */
export function shortDocumentName(id: string): string {
  return `Document ${id.slice(0, 8)}`;
}

export type Readiness = "ready" | "pending" | "failed" | "deleting";

const SETTLED: readonly string[] = ["ready", "failed", "deleting"] satisfies Readiness[];

/** What a document's status means for the visitor; an unknown one is not called ready. */
export function readinessOf(status: string): Readiness {
  return SETTLED.includes(status) ? (status as Readiness) : "pending";
}
