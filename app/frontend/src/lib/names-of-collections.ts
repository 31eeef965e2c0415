/** What names of collections are like, as the backend has it; without anchors, as forms want it. */
export const COLLECTION_PATTERN = "[a-z0-9][a-z0-9._\\-]{0,62}";

/** The collection of those who name none. */
export const DEFAULT_COLLECTION = "default";

/** Whether a text can be the name of a collection. */
export function isCollectionName(text: string): boolean {
  return new RegExp(`^${COLLECTION_PATTERN}$`).test(text);
}
