import type { ListQuery, Sort } from "./api/types";
import { DOCUMENTS_PER_PAGE } from "./limits";
import { isCollectionName } from "./names-of-collections";

/** What the list of documents shows, as the page's address says it. */
export interface ListView {
  name: string;
  status: "" | "processing" | "ready" | "failed" | "deleting";
  type: string;
  /** A tag (BCP 47); empty: any. */
  language: string;
  /** Name of a collection; empty: any. */
  collection: string;
  sort: Sort;
  cursor: string;
}

export type Parameters = Record<string, string | string[] | undefined>;

export const STATUSES = ["ready", "processing", "failed", "deleting"] as const;
/** Languages on offer: those that people have most documents in. */
export const LISTED_LANGUAGES = [
  ...["ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hi", "hu", "id", "it", "ja", "ko"],
  ...["nl", "no", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh"],
] as const;

const SORTS: readonly Sort[] = ["-created", "created", "name", "-name", "bytes", "-bytes"];
const LONGEST = 255;

function one<Value extends string>(
  value: string | string[] | undefined,
  known: readonly Value[],
): Value | undefined {
  return known.find((each) => each === value);
}

function text(value: string | string[] | undefined): string {
  return typeof value === "string" ? value.replaceAll("\0", "").slice(0, LONGEST) : "";
}

function collectionOf(value: string | string[] | undefined): string {
  return typeof value === "string" && isCollectionName(value) ? value : "";
}

/** Reads an address; what it has no sense in it counts as absent. */
export function listView(parameters: Parameters): ListView {
  const { cursor } = parameters;
  return {
    name: text(parameters["name"]).trim(),
    status: one(parameters["status"], STATUSES) ?? "",
    type: text(parameters["type"]),
    language: one(parameters["language"], LISTED_LANGUAGES) ?? "",
    collection: collectionOf(parameters["collection"]),
    sort: one(parameters["sort"], SORTS) ?? "-created",
    cursor: typeof cursor === "string" ? cursor.slice(0, 1000) : "",
  };
}

/** Whether not all documents are shown. */
export function isFiltered(view: ListView): boolean {
  const { name, status, type, language, collection } = view;
  return [name, status, type, language, collection].some((each) => each !== "");
}

/** The address of a list like this one, but for `change`; a page of another order has no place. */
export function listHref(view: ListView, change: Partial<ListView>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...view, cursor: "", ...change })) {
    if (value !== "" && value !== "-created") parameters.set(name, value);
  }
  const query = parameters.toString();
  return query ? `/documents?${query}` : "/documents";
}

/** As the backend is asked for it. */
export function backendQuery(view: ListView): ListQuery {
  const { name, status, type, language, collection, sort, cursor } = view;
  return {
    ...(name && { name }),
    ...(status && { status }),
    ...(type && { type }),
    ...(language && { language }),
    ...(collection && { collection: [collection] }),
    ...(cursor && { cursor }),
    sort,
    limit: DOCUMENTS_PER_PAGE,
  };
}
