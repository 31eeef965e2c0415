import "server-only";
import type { ApiKey } from "./api/types";
import { listCollections, listKeys } from "./backend";
import { logFailure } from "./log";
import { type Problem, toProblem } from "./problem";
import type { Translator } from "@/texts/translator";

/** What the page of keys shows. */
export interface KeysView {
  keys: ApiKey[];
  /** Leads to the keys after these; null at the end. */
  next: string | null;
  /** Names of collections that a key can be limited to. */
  collections: string[];
  problem: Problem | null;
}

/** A page of the tenant's keys, the newest first. */
export async function loadKeys(cursor: string | undefined, t: Translator): Promise<KeysView> {
  const requestId = crypto.randomUUID();
  try {
    const [page, collections] = await Promise.all([
      listKeys(cursor, requestId),
      listCollections(requestId),
    ]);
    return { keys: page.items, next: page.next_cursor ?? null, collections, problem: null };
  } catch (error) {
    logFailure("list_keys", requestId, error);
    const problem = toProblem(error, "list", requestId, t);
    return { keys: [], next: null, collections: [], problem };
  }
}

/** Names of the collections that have documents; none where they can't be had. */
export async function collectionNames(): Promise<string[]> {
  const requestId = crypto.randomUUID();
  try {
    return await listCollections(requestId);
  } catch (error) {
    logFailure("list_collections", requestId, error);
    return [];
  }
}
