import { FORMAT_NAMES, hasAcceptedExtension, savedAs, USUAL_EXTENSIONS } from "./formats";
import { formatBytes, MAX_QUESTION_CHARS, MAX_UPLOAD_BYTES, MIN_QUESTION_CHARS } from "./limits";
import { type Problem, UPLOAD_TOO_LARGE } from "./problem";

/** Checks of what a visitor sent, before the backend is troubled with it. */

function problem(title: string, detail: string, remedy: string): { problem: Problem } {
  return { problem: { title, detail, remedy, reference: null } };
}

/** The uploaded file, or why it can't be taken. */
export function checkDocument(
  value: FormDataEntryValue | null,
): { file: File } | { problem: Problem } {
  if (!(value instanceof File) || value.name === "") {
    return problem(
      "No document was chosen",
      "The form came without a file.",
      `Choose a document (${FORMAT_NAMES}), then upload it.`,
    );
  }
  if (value.size > MAX_UPLOAD_BYTES) {
    const detail = `“${value.name}” has ${formatBytes(value.size)}. ${UPLOAD_TOO_LARGE.detail}`;
    return { problem: { ...UPLOAD_TOO_LARGE, detail } };
  }
  if (value.size === 0) {
    return problem(
      "The document is empty",
      `“${value.name}” has no content.`,
      "Choose a document that has text in it.",
    );
  }
  if (!hasAcceptedExtension(value.name)) {
    return problem(
      "This kind of document can't be read",
      `“${value.name}” doesn't end like one that can: ${USUAL_EXTENSIONS.join(", ")}.`,
      `Save the document as ${savedAs(value.name) ?? FORMAT_NAMES} and upload it again.`,
    );
  }
  return { file: value };
}

/** The question without blanks around it, or why it can't be asked. */
export function checkQuestion(
  value: FormDataEntryValue | null,
): { question: string } | { question: string; problem: Problem } {
  const question = typeof value === "string" ? value.trim() : "";
  if (question.length < MIN_QUESTION_CHARS) {
    return {
      question,
      ...problem(
        "There is no question",
        question === "" ? "The field was empty." : `“${question}” is too short to look for.`,
        "Write a question and ask again.",
      ),
    };
  }
  if (question.length > MAX_QUESTION_CHARS) {
    return {
      question,
      ...problem(
        "The question is too long",
        `It has ${question.length} characters, at most ${MAX_QUESTION_CHARS} are taken.`,
        "Shorten the question and ask again.",
      ),
    };
  }
  return { question };
}
