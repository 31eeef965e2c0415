import { parseChunkPage } from "@/lib/contract";
import type { Citation, Passage } from "@/lib/api/types";
import type { Translator } from "@/texts/translator";
import { get } from "./api";

/** A page of a document as text, and where on it the cited passage stands. */
export interface CitedPage {
  before: string;
  /** Null where the passage was not found. */
  passage: string | null;
  after: string;
  heading: string;
}

/** Characters that are shown on each side of a passage. */
const AROUND = 1200;
/** Pages of chunks that are read at most: a document has no more. */
const MOST_PAGES = 20;

/** Reads what stands around a citation. */
export async function citedPage(citation: Citation, t: Translator): Promise<CitedPage> {
  const chunks: Passage[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const version = String(citation.version);
    const query = new URLSearchParams({ limit: "200", version, ...(cursor && { cursor }) });
    const path = `/api/v1/documents/${citation.document_id}/chunks?${query}`;
    const got = parseChunkPage(await get(path, "document", t));
    chunks.push(...got.items.filter((chunk) => chunk.page === citation.page));
    cursor = got.next_cursor ?? null;
    const last = got.items.at(-1);
    if (!cursor || (last && last.page > citation.page)) break;
  }
  return around(chunks, citation.excerpt);
}

/** Puts chunks of one page together, and finds an excerpt in them. */
export function around(chunks: readonly Passage[], excerpt: string): CitedPage {
  const text = joined(chunks);
  const found = locate(text, excerpt);
  if (!found) {
    const before = text.slice(0, AROUND);
    return { before, passage: null, after: "", heading: chunks[0]?.heading ?? "" };
  }
  const [start, end] = found;
  const from = Math.max(0, start - AROUND);
  return {
    before: (from > 0 ? "…" : "") + text.slice(from, start),
    passage: text.slice(start, end),
    after: text.slice(end, end + AROUND) + (end + AROUND < text.length ? "…" : ""),
    heading: chunks.find((chunk) => locate(chunk.text, excerpt))?.heading ?? "",
  };
}

/** The text of a page from its chunks, which may overlap. */
function joined(chunks: readonly Passage[]): string {
  let text = "";
  let end = 0;
  for (const chunk of chunks) {
    const characters = [...chunk.text];
    const known = Math.max(0, end - chunk.start_char);
    if (known >= characters.length) continue;
    const gap = text !== "" && chunk.start_char > end ? "\n\n" : "";
    text += gap + characters.slice(text === "" ? 0 : known).join("");
    end = chunk.end_char;
  }
  return text;
}

/** Where an excerpt stands in a text, whatever blanks and breaks either has. */
export function locate(text: string, excerpt: string): [start: number, end: number] | null {
  const dense = squeeze(excerpt).text;
  if (dense === "") return null;
  const whole = squeeze(text);
  const at = whole.text.indexOf(dense);
  if (at < 0) return null;
  const start = whole.places[at] ?? 0;
  const end = (whole.places[at + dense.length - 1] ?? start) + 1;
  return [start, end];
}

/** A text without blanks, and where each of its characters stood. */
export function squeeze(text: string): { text: string; places: number[] } {
  const places: number[] = [];
  let dense = "";
  for (let place = 0; place < text.length; place += 1) {
    const character = text.charAt(place);
    if (/\s/.test(character)) continue;
    dense += character;
    places.push(place);
  }
  return { text: dense, places };
}
