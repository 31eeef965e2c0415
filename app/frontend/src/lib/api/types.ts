import type { components, operations } from "./schema";

/** What the backend's API has, by the names that the pages use. `schema.d.ts` is generated. */

type Schemas = components["schemas"];

export type RagDocument = Schemas["Document"];
export type DocumentPage = Schemas["DocumentPage"];
export type Passage = Schemas["Passage"];
export type ChunkPage = Schemas["ChunkPage"];
export type Upload = Schemas["Upload"];
export type Outcome = Schemas["Outcome"];
export type Job = Schemas["Job"];
export type JobPage = Schemas["JobPage"];
export type Citation = Schemas["Citation"];
/** A passage from which an answer may be made: of it, events tell the place and not the text. */
export type Source = Pick<
  Schemas["Hit"],
  "chunk_id" | "document_id" | "filename" | "page" | "heading"
>;
export type Message = Schemas["Message"];
export type Question = Schemas["Question"];
export type Health = Schemas["Health"];
export type Check = Schemas["Check"];
export type Me = Schemas["Me"];
export type ApiKey = Schemas["Key"];
export type KeyPage = Schemas["KeyPage"];
export type CreatedKey = Schemas["CreatedKey"];
export type NewFeedback = Schemas["NewFeedback"];
export type NewKey = Schemas["NewKey"];
export type Version = Schemas["Version"];
export type ListQuery = NonNullable<operations["list_documents"]["parameters"]["query"]>;
export type DocumentStatus = RagDocument["status"];
export type Sort = NonNullable<ListQuery["sort"]>;

/** An answer. How sure it is, from 0 to 1, is there only where the backend says it. */
export type Answer = Schemas["Answer"] & { confidence?: number | null };

/** An error as the backend tells it (RFC 9457); none of it can be relied on. */
export interface ProblemDocument {
  type: string | null;
  title: string | null;
  detail: string | null;
  /** The server behind the backend that failed. */
  dependency: string | null;
  request_id: string | null;
}
