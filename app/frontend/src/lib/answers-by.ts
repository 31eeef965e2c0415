import "server-only";
import { getVersion } from "./backend";
import { logFailure } from "./log";

/** How long it is remembered who writes the answers, in milliseconds. */
const REMEMBER_MS = 60_000;

let known = { markdown: false, until: 0 };

/**
 * Whether answers are written by a model, which may use Markdown.
 *
 * Sentences of documents are shown as they stand there: a star in them is a star. Where the backend
 * doesn't say who writes, answers are shown as plain text.
 */
export async function writesMarkdown(): Promise<boolean> {
  if (Date.now() < known.until) return known.markdown;
  const until = Date.now() + REMEMBER_MS;
  // Others don't wait as well while the backend is away.
  known = { ...known, until };
  try {
    const { answers_by: by } = await getVersion(crypto.randomUUID());
    known = { markdown: by !== undefined && by !== "extract", until };
  } catch (error) {
    logFailure("answers_by", "", error);
  }
  return known.markdown;
}
