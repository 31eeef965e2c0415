import type { TextKey } from "@/texts/en";
import type { Translator, Values } from "@/texts/translator";
import { FORMAT_NAMES, hasAcceptedExtension, savedAs, USUAL_EXTENSIONS } from "./formats";
import { MAX_QUESTION_CHARS, MAX_UPLOAD_BYTES, MIN_QUESTION_CHARS } from "./limits";
import { type Problem, tooLarge } from "./problem";

/** Checks of what a visitor sent, before the backend is troubled with it. */

/** Why a file can't be taken; null where it can. */
export function refusalOf(file: { name: string; size: number }, t: Translator): Problem | null {
  if (file.size > MAX_UPLOAD_BYTES) return tooLarge(t, file);
  if (file.size === 0) {
    return {
      title: t("problem.empty"),
      detail: t("problem.empty.detail", { name: file.name }),
      remedy: t("problem.empty.remedy"),
      reference: null,
    };
  }
  if (!hasAcceptedExtension(file.name)) {
    const formats = savedAs(file.name) ?? t.either(FORMAT_NAMES);
    const extensions = USUAL_EXTENSIONS.join(", ");
    return {
      title: t("problem.type.unsupported-type"),
      detail: t("problem.kind.detail", { name: file.name, extensions }),
      remedy: t("problem.remedy.415", { formats }),
      reference: null,
    };
  }
  return null;
}

/** The uploaded file, or why it can't be taken. */
export function checkDocument(
  value: FormDataEntryValue | null,
  t: Translator,
): { file: File } | { problem: Problem } {
  if (!(value instanceof File) || value.name === "") {
    return {
      problem: {
        title: t("problem.no_document"),
        detail: t("problem.no_document.detail"),
        remedy: t("problem.no_document.remedy", { formats: t.either(FORMAT_NAMES) }),
        reference: null,
      },
    };
  }
  const problem = refusalOf(value, t);
  return problem ? { problem } : { file: value };
}

/** The question without blanks around it, or why it can't be asked. */
export function checkQuestion(
  value: FormDataEntryValue | null,
  t: Translator,
): { question: string; problem?: Problem } {
  const question = typeof value === "string" ? value.trim() : "";
  const refused = (title: TextKey, detail: TextKey, remedy: TextKey, values: Values = {}) => ({
    question,
    problem: { title: t(title), detail: t(detail, values), remedy: t(remedy), reference: null },
  });
  if (question === "") {
    return refused(
      "problem.no_question",
      "problem.no_question.empty",
      "problem.no_question.remedy",
    );
  }
  if (question.length < MIN_QUESTION_CHARS) {
    return refused(
      "problem.no_question",
      "problem.no_question.short",
      "problem.no_question.remedy",
      { question },
    );
  }
  if (question.length > MAX_QUESTION_CHARS) {
    return refused(
      "problem.long_question",
      "problem.long_question.detail",
      "problem.long_question.remedy",
      { length: question.length, most: MAX_QUESTION_CHARS },
    );
  }
  return { question };
}
