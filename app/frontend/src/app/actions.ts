"use server";

import { ask, uploadDocument } from "@/lib/backend";
import { checkDocument, checkQuestion } from "@/lib/input";
import { logFailure } from "@/lib/log";
import { namesOf } from "@/lib/names";
import { choose, THEME_COOKIE } from "@/lib/preferences";
import { type Problem, toProblem } from "@/lib/problem";
import type { RagDocument } from "@/lib/api/types";
import type { AskState, UploadState } from "@/lib/state";
import { LANGUAGE_COOKIE } from "@/texts/languages";
import { getTexts } from "@/texts/server";

/** Takes the upload form where scripts don't run: hands the documents to the backend. */
export async function submitDocuments(_: UploadState, form: FormData): Promise<UploadState> {
  const t = await getTexts();
  const given = form.getAll("file");
  const named = form.get("collection");
  const collection = typeof named === "string" ? named.trim() : "";
  const documents: RagDocument[] = [];
  let problem: Problem | null = null;
  for (const value of given.length > 0 ? given : [null]) {
    const checked = checkDocument(value, t);
    const done = "problem" in checked ? checked : await upload(checked.file, collection);
    if ("problem" in done) problem ??= done.problem;
    else documents.push(done.document);
  }
  if (problem && documents.length === 0) return { kind: "problem", problem };
  return { kind: "uploaded", documents, problem };
}

async function upload(
  file: File,
  collection: string,
): Promise<{ document: RagDocument } | { problem: Problem }> {
  const requestId = crypto.randomUUID();
  try {
    return { document: await uploadDocument(file, collection, requestId) };
  } catch (error) {
    logFailure("upload", requestId, error);
    return { problem: toProblem(error, "upload", requestId, await getTexts()) };
  }
}

/** Takes the question form where scripts don't run: asks, and names the cited documents. */
export async function submitQuestion(_: AskState, form: FormData): Promise<AskState> {
  const t = await getTexts();
  const { question, problem } = checkQuestion(form.get("question"), t);
  if (problem) return { kind: "problem", question, problem };
  const requestId = crypto.randomUUID();
  try {
    const answer = await ask(question, requestId);
    const names = await namesOf(answer.citations, requestId);
    return { kind: "answered", question, answer, names };
  } catch (error) {
    logFailure("ask", requestId, error);
    return { kind: "problem", question, problem: toProblem(error, "ask", requestId, t) };
  }
}

/** Keeps the language of the interface in a cookie. */
export async function chooseLanguage(form: FormData): Promise<void> {
  await choose(LANGUAGE_COOKIE, form.get("language"));
}

/** Keeps the theme in a cookie. */
export async function chooseTheme(form: FormData): Promise<void> {
  await choose(THEME_COOKIE, form.get("theme"));
}
