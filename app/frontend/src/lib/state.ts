import type { Answer, RagDocument } from "./contract";
import type { Problem } from "./problem";

/** What the upload form shows after it was sent. */
export type UploadState =
  | { kind: "idle" }
  | { kind: "uploaded"; document: RagDocument }
  | { kind: "problem"; problem: Problem };

/** What the question form shows after it was sent. */
export type AskState =
  | { kind: "idle" }
  | { kind: "answered"; question: string; answer: Answer; names: Record<string, string> }
  | { kind: "problem"; question: string; problem: Problem };
