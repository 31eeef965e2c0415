import type { TextKey } from "@/texts/en";
import type { Translator } from "@/texts/translator";
import type { ProblemDocument } from "./api/types";
import { ContractError } from "./contract";
import { FORMAT_NAMES } from "./formats";
import { MAX_UPLOAD_BYTES } from "./limits";

/** An error as the page shows it: what happened, why, and what to do. */
export interface Problem {
  title: string;
  detail: string;
  remedy: string;
  /** Finds the request in the logs of both programs. */
  reference: string | null;
}

/** What was tried when a problem came up. */
export type Action = "ask" | "upload" | "list" | "document" | "change" | "status";

/** The backend answered, with a status that is no success. */
export class BackendStatusError extends Error {
  constructor(
    readonly status: number,
    readonly problem: ProblemDocument,
  ) {
    super(`the backend answered with status ${status}`);
    this.name = "BackendStatusError";
  }
}

/** BACKEND_URL is missing or no address. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";
}

/** The kind of problem by which this page's own server says that the backend gave no answer. */
export const UNREACHABLE = "urn:rag:problem:unreachable";

const CAUSES: Record<string, TextKey> = {
  ECONNREFUSED: "cause.ECONNREFUSED",
  ECONNRESET: "cause.ECONNRESET",
  ENOTFOUND: "cause.ENOTFOUND",
  EAI_AGAIN: "cause.EAI_AGAIN",
  EHOSTUNREACH: "cause.EHOSTUNREACH",
  ETIMEDOUT: "cause.ETIMEDOUT",
  UND_ERR_CONNECT_TIMEOUT: "cause.ETIMEDOUT",
  UND_ERR_SOCKET: "cause.ECONNRESET",
};

/** The reason why a request got no answer, in a few words. */
export function causeOf(error: unknown, t: Translator): string {
  if (error instanceof ConfigurationError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return t("cause.slow");
  const code = errorCode(error);
  if (code === null) return error.message;
  const known = CAUSES[code];
  return known ? `${t(known)} (${code})` : code;
}

function errorCode(error: Error): string | null {
  const holder = (error.cause ?? error) as { code?: unknown };
  return typeof holder.code === "string" ? holder.code : null;
}

/** Turns whatever a request threw into what the page shows. */
export function toProblem(
  error: unknown,
  action: Action,
  reference: string | null,
  t: Translator,
): Problem {
  if (error instanceof BackendStatusError) {
    return fromDocument(error.problem, error.status, action, reference, t);
  }
  if (error instanceof ContractError) {
    return {
      title: t(`problem.${action}.unreadable`),
      detail: t("problem.unreadable.detail"),
      remedy: t("problem.unreadable.remedy"),
      reference,
    };
  }
  return unreachable(causeOf(error, t), action, reference, t);
}

/** An error body of the backend, or of this page's server, as the page shows it. */
export function fromDocument(
  problem: ProblemDocument,
  status: number,
  action: Action,
  reference: string | null,
  t: Translator,
): Problem {
  const id = problem.request_id ?? reference;
  if (problem.type === UNREACHABLE) {
    return unreachable(problem.detail ?? t("cause.slow"), action, id, t);
  }
  return {
    title: titleOf(problem, status, action, t),
    detail: problem.detail ?? t("problem.status_only", { status }),
    remedy: remedyOf(status, t),
    reference: id,
  };
}

function unreachable(
  cause: string,
  action: Action,
  reference: string | null,
  t: Translator,
): Problem {
  return {
    title: t("problem.unreachable"),
    detail: t(`problem.${action}.unanswered`, { cause }),
    remedy: t("problem.unreachable.remedy"),
    reference,
  };
}

const TYPES: Record<string, TextKey> = {
  unauthorized: "problem.type.unauthorized",
  forbidden: "problem.type.forbidden",
  "rate-limited": "problem.type.rate-limited",
  busy: "problem.type.busy",
  "dependency-unavailable": "problem.type.dependency-unavailable",
  "not-found": "problem.type.not-found",
  conflict: "problem.type.conflict",
  "file-gone": "problem.type.file-gone",
  "too-large": "problem.too_large",
  "unreadable-document": "problem.type.unreadable-document",
  "unsupported-type": "problem.type.unsupported-type",
};

/** In the visitor's language where the kind is known; else the backend's own words. */
function titleOf(problem: ProblemDocument, status: number, action: Action, t: Translator): string {
  const known = TYPES[problem.type?.replace("urn:rag:problem:", "") ?? ""];
  if (known) return t(known);
  const own = problem.type === null || problem.type === "about:blank";
  return own && problem.title && status < 600 ? problem.title : t(`problem.${action}.failed`);
}

const REMEDIES: Record<number, TextKey> = {
  400: "problem.remedy.400",
  401: "problem.remedy.401",
  403: "problem.remedy.403",
  404: "problem.remedy.404",
  409: "problem.remedy.409",
  410: "problem.remedy.410",
  413: "problem.remedy.413",
  422: "problem.remedy.422",
  429: "problem.remedy.429",
  503: "problem.remedy.503",
  504: "problem.remedy.504",
};

function remedyOf(status: number, t: Translator): string {
  if (status === 415) return t("problem.remedy.415", { formats: t.either(FORMAT_NAMES) });
  return t(REMEDIES[status] ?? "problem.operator");
}

/** The document is larger than what is taken; `named` where its name and size are known. */
export function tooLarge(t: Translator, named?: { name: string; size: number }): Problem {
  const limit = t.bytes(MAX_UPLOAD_BYTES);
  return {
    title: t("problem.too_large"),
    detail: named
      ? t("problem.too_large.named", { name: named.name, size: t.bytes(named.size), limit })
      : t("problem.too_large.detail", { size: limit }),
    remedy: t("problem.remedy.413"),
    reference: null,
  };
}

/** This page's own server gave no answer. */
export function offline(t: Translator): Problem {
  return {
    title: t("problem.offline"),
    detail: t("problem.offline.detail"),
    remedy: t("problem.offline.remedy"),
    reference: null,
  };
}
