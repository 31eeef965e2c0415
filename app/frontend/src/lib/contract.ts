/**
 * Checks that the backend said what its types claim.
 *
 * The backend is another program that is rolled out on its own: an answer is taken for what it
 * claims to be only after a look at its shape.
 */
import type {
  Answer,
  ApiKey,
  ChunkPage,
  Citation,
  CreatedKey,
  DocumentPage,
  JobPage,
  KeyPage,
  Me,
  ProblemDocument,
  RagDocument,
} from "./api/types";

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

function asList(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new ContractError(`${what} is not a list`);
}

function optionalString(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : 0;
}

const ROLES: readonly string[] = ["reader", "writer", "admin"];

/** Reads who somebody is. */
export function parseMe(value: unknown): Me {
  const json = asObject(value, "me");
  const role = asString(json["role"], "me.role");
  if (!ROLES.includes(role)) throw new ContractError("me.role is no role");
  return {
    auth: asString(json["auth"], "me.auth") as Me["auth"],
    id: asString(json["id"], "me.id"),
    name: asString(json["name"], "me.name"),
    tenant: asString(json["tenant"], "me.tenant"),
    role: role as Me["role"],
    collections: Array.isArray(json["collections"])
      ? json["collections"].map((name) => asString(name, "me.collections"))
      : null,
  };
}

/** Reads a page of API keys. */
export function parseKeyPage(value: unknown): KeyPage {
  const json = asObject(value, "keys");
  return {
    items: asList(json["items"], "keys.items").map(parseKey),
    next_cursor: optionalString(json["next_cursor"]),
  };
}

/** Reads a key that was just made, with its text. */
export function parseCreatedKey(value: unknown): CreatedKey {
  const json = asObject(value, "key");
  return { ...parseKey(json), key: asString(json["key"], "key.key") };
}

function parseKey(value: unknown): ApiKey {
  const json = asObject(value, "key");
  const role = asString(json["role"], "key.role");
  if (!ROLES.includes(role)) throw new ContractError("key.role is no role");
  return {
    id: asString(json["id"], "key.id"),
    name: asString(json["name"], "key.name"),
    tenant: optionalString(json["tenant"]) ?? "",
    role: role as ApiKey["role"],
    collections: Array.isArray(json["collections"])
      ? json["collections"].map((name) => asString(name, "key.collections"))
      : null,
    requests_per_minute: null,
    max_upload_bytes: null,
    created_at: asString(json["created_at"], "key.created_at"),
    created_by: optionalString(json["created_by"]) ?? "",
    expires_at: optionalString(json["expires_at"]),
    last_used_at: optionalString(json["last_used_at"]),
    revoked_at: optionalString(json["revoked_at"]),
  };
}

/** Reads the names of collections. */
export function parseCollections(value: unknown): string[] {
  const items = asList(asObject(value, "collections")["items"], "collections.items");
  return items.map((item) => asString(asObject(item, "collection")["name"], "collection.name"));
}

/** Reads a document; what only describes it may be missing. */
export function parseDocument(value: unknown): RagDocument {
  const json = asObject(value, "document");
  const id = asString(json["id"], "document.id");
  const metadata = json["metadata"];
  return {
    id,
    status: asString(json["status"], "document.status") as RagDocument["status"],
    filename: optionalString(json["filename"]) ?? `#${id.slice(0, 8)}`,
    content_type: optionalString(json["content_type"]) ?? "",
    bytes: count(json["bytes"]),
    pages: count(json["pages"]),
    chunks: count(json["chunks"]),
    sha256: optionalString(json["sha256"]) ?? "",
    collection: optionalString(json["collection"]) ?? "default",
    language: optionalString(json["language"]),
    metadata: (typeof metadata === "object" && metadata !== null
      ? metadata
      : {}) as RagDocument["metadata"],
    version: count(json["version"]) || 1,
    version_at: optionalString(json["version_at"]),
    source: optionalString(json["source"]),
    error: optionalString(json["error"]),
    created_at: optionalString(json["created_at"]) ?? "",
    updated_at: optionalString(json["updated_at"]) ?? "",
  };
}

/** Reads the body of GET /v1/documents. */
export function parseDocumentPage(value: unknown): DocumentPage {
  const json = asObject(value, "page");
  return {
    items: asList(json["items"], "page.items").map(parseDocument),
    next_cursor: optionalString(json["next_cursor"]),
  };
}

/** Reads the body of GET /v1/documents/{id}/chunks. */
export function parseChunkPage(value: unknown): ChunkPage {
  const json = asObject(value, "page");
  const items = asList(json["items"], "page.items").map((item, index) => {
    const chunk = asObject(item, `items[${index}]`);
    asString(chunk["text"], `items[${index}].text`);
    return chunk as unknown as ChunkPage["items"][number];
  });
  return { items, next_cursor: optionalString(json["next_cursor"]) };
}

/** Reads the body of GET /v1/jobs. */
export function parseJobPage(value: unknown): JobPage {
  const json = asObject(value, "page");
  const items = asList(json["items"], "page.items").map((item, index) => {
    const job = asObject(item, `items[${index}]`);
    for (const name of ["id", "document_id", "state"]) asString(job[name], `job.${name}`);
    return job as unknown as JobPage["items"][number];
  });
  return { items, next_cursor: optionalString(json["next_cursor"]) };
}

function parseCitation(value: unknown, index: number): Citation {
  const what = `citations[${index}]`;
  const json = asObject(value, what);
  return {
    document_id: asString(json["document_id"], `${what}.document_id`),
    excerpt: asString(json["excerpt"], `${what}.excerpt`),
    page: count(json["page"]),
    // A backend of before knows one version alone.
    version: count(json["version"]) || 1,
  };
}

/** Reads the body of POST /v1/ask, and what the event `done` has. */
export function parseAnswer(value: unknown): Answer {
  const json = asObject(value, "answer");
  const citations = asList(json["citations"], "citations").map(parseCitation);
  if (typeof json["refused"] !== "boolean") throw new ContractError("refused is not true or false");
  const confidence = json["confidence"];
  return {
    answer: asString(json["answer"], "answer"),
    citations,
    refused: json["refused"],
    language: optionalString(json["language"]),
    ...(typeof confidence === "number" && { confidence }),
  };
}

/** Reads an error body; anything that is no problem report gives empty fields. */
export function parseProblem(value: unknown): ProblemDocument {
  const json = (typeof value === "object" && value !== null ? value : {}) as Json;
  return {
    type: optionalString(json["type"]),
    title: optionalString(json["title"]),
    detail: optionalString(json["detail"]),
    dependency: optionalString(json["dependency"]),
    request_id: optionalString(json["request_id"]),
  };
}
