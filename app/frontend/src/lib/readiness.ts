import "server-only";
import { backendUrl } from "./backend";
import { causeOf } from "./problem";

/** How long the backend may take to say that it lives, in milliseconds. */
const DEADLINE_MS = 1000;

export interface BackendCheck {
  status: "pass" | "warn" | "fail";
  componentType: "component";
  observedValue: number;
  observedUnit: "ms";
  time: string;
  /** Why it failed and what to look at; absent on success. */
  output?: string;
}

/** Whether the backend has answered this process before. */
let reached = false;

/**
 * Whether the backend's process can be reached. Until it was once, the answer is "fail": a release
 * whose address, name or network is wrong never becomes ready. Later it is "warn": the page has to
 * be there to say so, or the load balancer would have no target left and show its own error.
 */
export async function checkBackend(): Promise<BackendCheck> {
  const started = performance.now();
  const output = await failureOf();
  reached ||= output === null;
  return {
    status: output === null ? "pass" : reached ? "warn" : "fail",
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
