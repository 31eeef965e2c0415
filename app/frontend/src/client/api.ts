import { parseProblem } from "@/lib/contract";
import { type Action, fromDocument, offline, type Problem } from "@/lib/problem";
import type { Translator } from "@/texts/translator";

/** A problem that is thrown, so that whoever called can show it. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(problem.title);
    this.name = "ProblemError";
  }
}

/**
 * Sends a request to this page's server.
 *
 * @throws ProblemError unless the answer is a success; what `signal` aborts throws as fetch does
 */
export async function request(
  path: string,
  init: RequestInit,
  action: Action,
  t: Translator,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ProblemError(offline(t), 0);
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  throw new ProblemError(
    fromDocument(parseProblem(body), response.status, action, null, t),
    response.status,
  );
}

/** Sends JSON and reads the answer; an empty one gives null. */
export async function post(
  path: string,
  body: unknown,
  action: Action,
  t: Translator,
): Promise<unknown> {
  const init = {
    method: "POST",
    ...(body !== undefined && {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  };
  const response = await request(path, init, action, t);
  return response.status === 204 ? null : response.json();
}

/** Reads what is at a path. */
export async function get(path: string, action: Action, t: Translator): Promise<unknown> {
  return (await request(path, {}, action, t)).json();
}

/** What a failure is for the visitor. */
export function problemOf(error: unknown, t: Translator): Problem {
  return error instanceof ProblemError ? error.problem : offline(t);
}
