import { FORMAT_NAMES } from "./formats";
import { type BackendProblem, ContractError } from "./contract";
import { formatBytes, MAX_UPLOAD_BYTES } from "./limits";

/** An error as the page shows it: what happened, why, and what to do. */
export interface Problem {
  title: string;
  detail: string;
  remedy: string;
  /** Finds the request in the logs of both programs. */
  reference: string | null;
}

/** The backend answered, with a status that is no success. */
export class BackendStatusError extends Error {
  constructor(
    readonly status: number,
    readonly problem: BackendProblem,
  ) {
    super(`the backend answered with status ${status}`);
    this.name = "BackendStatusError";
  }
}

/** BACKEND_URL is missing or no address. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";
}

export const UPLOAD_TOO_LARGE: Problem = {
  title: "The document is too large",
  detail: `At most ${formatBytes(MAX_UPLOAD_BYTES)} can be uploaded at once.`,
  remedy: "Split the document, or save it without pictures, and upload it again.",
  reference: null,
};

const REMEDIES: Record<number, string> = {
  400: "Correct the input and send it again.",
  404: "Upload the document again.",
  409: "Wait until the running upload is done, then try again.",
  413: UPLOAD_TOO_LARGE.remedy,
  415: `Save the document as ${FORMAT_NAMES} and upload it again.`,
  422: "Correct the input and send it again.",
  429: "Wait a minute, then try again.",
  503: "A part of the service is down, starting, or has too much to do. Try again in a minute; if it stays, tell the operator.",
  504: "The service is slow at present. Try again in a minute.",
};

const OPERATOR_REMEDY = "Try again; if it happens again, tell the operator the reference below.";

const CAUSES: Record<string, string> = {
  ECONNREFUSED: "nothing listens at its address",
  ECONNRESET: "it closed the connection",
  ENOTFOUND: "its name is unknown",
  EAI_AGAIN: "its name could not be looked up",
  EHOSTUNREACH: "there is no way to its host",
  ETIMEDOUT: "its host doesn't answer",
  UND_ERR_CONNECT_TIMEOUT: "its host doesn't answer",
  UND_ERR_SOCKET: "it closed the connection",
};

/** The reason why a request got no answer, in a few words. */
export function causeOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "it didn't answer in time";
  const code = errorCode(error);
  if (code === null) return error.message;
  return CAUSES[code] ? `${CAUSES[code]} (${code})` : code;
}

function errorCode(error: Error): string | null {
  const holder = (error.cause ?? error) as { code?: unknown };
  return typeof holder.code === "string" ? holder.code : null;
}

/**
 * Turns whatever a request threw into what the page shows.
 *
 * @param action what was tried, for the title: "The upload", "The question"
 */
export function toProblem(error: unknown, action: string, reference: string | null): Problem {
  if (error instanceof BackendStatusError) return fromStatus(error, action, reference);
  if (error instanceof ContractError) {
    return {
      title: `${action} got an answer that can't be read`,
      detail: "This page and the backend speak different versions of their interface.",
      remedy: "Tell the operator: one of the two was not rolled out.",
      reference,
    };
  }
  return {
    title: "The backend can't be reached",
    detail: `${action} got no answer: ${causeOf(error)}.`,
    remedy: "Nothing of yours is lost. Try again in a minute; if it stays, tell the operator.",
    reference,
  };
}

function fromStatus(error: BackendStatusError, action: string, reference: string | null): Problem {
  return {
    title: error.problem.title ?? `${action} failed`,
    detail: error.problem.detail ?? `The backend answered with status ${error.status}.`,
    remedy: REMEDIES[error.status] ?? OPERATOR_REMEDY,
    reference,
  };
}
