import { parseDocument, parseProblem } from "@/lib/contract";
import type { Job } from "@/lib/api/types";
import { refusalOf } from "@/lib/input";
import { PARALLEL_UPLOADS } from "@/lib/limits";
import { fromDocument, offline, type Problem } from "@/lib/problem";
import type { Translator } from "@/texts/translator";
import { problemOf } from "./api";
import { uploadCollection } from "./collections";
import { follow } from "./jobs";
import { newId } from "./new-id";
import { Store } from "./store";

/** Files on their way to the backend. They go on while other pages are looked at. */

export interface UploadEntry {
  key: string;
  name: string;
  size: number;
  phase: "waiting" | "uploading" | "busy" | "sent" | "known" | "failed" | "cancelled";
  /** Share of the bytes that are sent, from 0 to 1. */
  share: number;
  documentId: string | null;
  /** The job that reads it, once it was sent. */
  jobId: string | null;
  problem: Problem | null;
}

export const uploads = new Store<readonly UploadEntry[]>([]);

/** How often a busy service is asked again, and for how many seconds each time if it says none. */
const MOST_TRIES = 30;
const PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 60;

const files = new Map<string, File>();
const collections = new Map<string, string>();
const requests = new Map<string, XMLHttpRequest>();
const tries = new Map<string, number>();

/** Sends files, some at a time. */
export function add(given: readonly File[], t: Translator): void {
  const entries = given.map((file): UploadEntry => {
    const key = newId();
    const problem = refusalOf(file, t);
    if (!problem) files.set(key, file);
    if (!problem) collections.set(key, uploadCollection.value);
    return {
      key,
      name: file.name,
      size: file.size,
      phase: problem ? "failed" : "waiting",
      share: 0,
      documentId: null,
      jobId: null,
      problem,
    };
  });
  uploads.set([...uploads.value, ...entries]);
  next(t);
}

/** Sends a file again that did not arrive. */
export function sendAgain(key: string, t: Translator): void {
  tries.delete(key);
  patch(key, { phase: "waiting", share: 0, problem: null });
  next(t);
}

/** Whether a file that failed can be sent again: not where the page itself refused it. */
export function canSendAgain(key: string): boolean {
  return files.has(key);
}

/** Ends the sending of a file. */
export function cancelSending(key: string, t: Translator): void {
  requests.get(key)?.abort();
  requests.delete(key);
  patch(key, { phase: "cancelled" });
  next(t);
}

/** Does something about the job of a file; where that fails, the list says why. */
export async function change(key: string, work: Promise<void>, t: Translator): Promise<void> {
  try {
    patch(key, { problem: null });
    await work;
  } catch (error) {
    patch(key, { problem: problemOf(error, t) });
  }
}

/** Takes entries off the list. */
export function forget(keys: readonly string[]): void {
  for (const key of keys) {
    files.delete(key);
    collections.delete(key);
  }
  uploads.set(uploads.value.filter((entry) => !keys.includes(entry.key)));
}

function patch(key: string, change: Partial<UploadEntry>): void {
  uploads.set(uploads.value.map((one) => (one.key === key ? { ...one, ...change } : one)));
}

function next(t: Translator): void {
  const free = PARALLEL_UPLOADS - requests.size;
  const waiting = uploads.value.filter((entry) => entry.phase === "waiting");
  for (const entry of waiting.slice(0, Math.max(0, free))) send(entry.key, t);
}

function send(key: string, t: Translator): void {
  const file = files.get(key);
  if (!file) return;
  const body = new FormData();
  // Before the file: it is known where that goes when it comes.
  const collection = collections.get(key);
  if (collection) body.set("collection", collection);
  body.set("file", file, file.name);
  // Not fetch: it doesn't tell how far the sending is.
  const sending = new XMLHttpRequest();
  requests.set(key, sending);
  patch(key, { phase: "uploading", share: 0 });
  sending.upload.addEventListener("progress", ({ loaded, total }) =>
    patch(key, { share: total > 0 ? loaded / total : 0 }),
  );
  sending.addEventListener("load", () => {
    requests.delete(key);
    answered(key, sending, t);
    next(t);
  });
  sending.addEventListener("error", () => {
    requests.delete(key);
    patch(key, { phase: "failed", problem: offline(t) });
    next(t);
  });
  sending.open("POST", "/api/v1/documents");
  sending.send(body);
}

function answered(key: string, sending: XMLHttpRequest, t: Translator): void {
  const body = json(sending.responseText);
  if (sending.status >= 200 && sending.status < 300) return arrived(key, body, t);
  const retryAfter = sending.getResponseHeader("Retry-After");
  const count = (tries.get(key) ?? 0) + 1;
  if (sending.status === 503 && retryAfter && count < MOST_TRIES) {
    tries.set(key, count);
    patch(key, { phase: "busy", share: 0 });
    const seconds = Math.min(Number(retryAfter) || PAUSE_SECONDS, LONGEST_PAUSE_SECONDS);
    setTimeout(() => resume(key, t), seconds * 1000);
    return;
  }
  const problem = fromDocument(parseProblem(body), sending.status, "upload", null, t);
  patch(key, { phase: "failed", problem });
}

function resume(key: string, t: Translator): void {
  const entry = uploads.value.find((one) => one.key === key);
  if (entry?.phase !== "busy") return;
  patch(key, { phase: "waiting" });
  next(t);
}

function arrived(key: string, body: unknown, t: Translator): void {
  try {
    const { id } = parseDocument(body);
    const job = (body as { job?: Job | null }).job ?? null;
    files.delete(key);
    if (job) follow(job);
    patch(key, {
      phase: job ? "sent" : "known",
      share: 1,
      documentId: id,
      jobId: job?.id ?? null,
    });
  } catch {
    patch(key, { phase: "failed", problem: offline(t) });
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
