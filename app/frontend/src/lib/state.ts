import type { Answer, RagDocument } from "./api/types";
import type { Problem } from "./problem";

/** What the upload form shows after it was sent without scripts. */
export type UploadState =
  | { kind: "idle" }
  | { kind: "uploaded"; documents: RagDocument[]; problem: Problem | null }
  | { kind: "problem"; problem: Problem };

/** What the question form shows after it was sent without scripts. */
export type AskState =
  | { kind: "idle" }
  | { kind: "answered"; question: string; answer: Answer; names: Record<string, string> }
  | { kind: "problem"; question: string; problem: Problem };
