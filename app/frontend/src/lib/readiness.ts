import "server-only";
import { backendUrl } from "./backend";
import { causeOf } from "./problem";

/** How long the backend may take to say that it lives, in milliseconds. */
const DEADLINE_MS = 1000;

export interface BackendCheck {
  status: "pass" | "fail";
  componentType: "component";
  observedValue: number;
  observedUnit: "ms";
  time: string;
  /** Why it failed and what to look at; absent on success. */
  output?: string;
}

/**
 * Whether the backend's process can be reached. Its dependencies don't count:
 * when one of them is down this page still has to be there to say so.
 */
export async function checkBackend(): Promise<BackendCheck> {
  const started = performance.now();
  const output = await failureOf();
  return {
    status: output === null ? "pass" : "fail",
    componentType: "component",
    observedValue: Math.round(performance.now() - started),
    observedUnit: "ms",
    time: new Date().toISOString(),
    ...(output !== null && { output }),
  };
}

async function failureOf(): Promise<string | null> {
  let host = "the backend";
  try {
    const url = backendUrl("/livez");
    host = url.host;
    const response = await fetch(url, {
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    await response.body?.cancel();
    return response.ok ? null : `${host}: /livez answered with status ${response.status}`;
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      return `${host}: /livez gave no answer within ${DEADLINE_MS} ms`;
    }
    return `${host}: ${causeOf(error)}`;
  }
}
