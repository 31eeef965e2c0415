"use server";

import { ask, uploadDocument } from "@/lib/backend";
import { namesOf, rememberDocument } from "@/lib/documents";
import { checkDocument, checkQuestion } from "@/lib/input";
import { logFailure } from "@/lib/log";
import { toProblem } from "@/lib/problem";
import type { AskState, UploadState } from "@/lib/state";

/** Takes the upload form: hands the document to the backend and remembers its id. */
export async function submitDocument(_: UploadState, form: FormData): Promise<UploadState> {
  const checked = checkDocument(form.get("file"));
  if ("problem" in checked) return { kind: "problem", problem: checked.problem };
  const requestId = crypto.randomUUID();
  try {
    const document = await uploadDocument(checked.file, requestId);
    await rememberDocument(document.id);
    return { kind: "uploaded", document };
  } catch (error) {
    logFailure("upload", requestId, error);
    return { kind: "problem", problem: toProblem(error, "The upload", requestId) };
  }
}

/** Takes the question form: asks the backend and names the documents that it cites. */
export async function submitQuestion(_: AskState, form: FormData): Promise<AskState> {
  const checked = checkQuestion(form.get("question"));
  if ("problem" in checked) {
    return { kind: "problem", question: checked.question, problem: checked.problem };
  }
  const { question } = checked;
  const requestId = crypto.randomUUID();
  try {
    const answer = await ask(question, requestId);
    const names = await namesOf(answer.citations, requestId);
    return { kind: "answered", question, answer, names };
  } catch (error) {
    logFailure("ask", requestId, error);
    return { kind: "problem", question, problem: toProblem(error, "The question", requestId) };
  }
}
