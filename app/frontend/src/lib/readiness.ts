import "server-only";
import { backendUrl } from "./backend";
import { logFailure } from "./log";
import { english } from "@/texts/english";
import { causeOf } from "./problem";

/** How long the backend may take to say that it lives, in milliseconds. */
const DEADLINE_MS = 1000;

export interface BackendCheck {
  status: "pass" | "warn" | "fail";
  componentType: "component";
  observedValue: number;
  observedUnit: "ms";
  time: string;
  /** Why it failed; absent on success. Where the backend is stands in the log: this is public. */
  output?: string;
}

/** Whether the backend has answered this process before. */
let reached = false;
/** What was said of it last: only changes are logged, since probes come every few seconds. */
let last: string | null = null;

/**
 * Whether the backend's process can be reached. Until it was once, the answer is "fail": a release
 * whose address, name or network is wrong never becomes ready. Later it is "warn": the page has to
 * be there to say so, or the load balancer would have no target left and show its own error.
 */
export async function checkBackend(): Promise<BackendCheck> {
  const started = performance.now();
  const output = await failureOf();
  reached ||= output === null;
  if (output !== null && output !== last)
    logFailure("check_backend", "", new Error(`${address()}: ${output}`));
  last = output;
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
  try {
    const response = await fetch(backendUrl("/livez"), {
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    await response.body?.cancel();
    return response.ok ? null : `/livez answered with status ${response.status}`;
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      return `/livez gave no answer within ${DEADLINE_MS} ms`;
    }
    return causeOf(error, english);
  }
}

function address(): string {
  const base = process.env["BACKEND_URL"] ?? "";
  return (URL.canParse(base) && new URL(base).host) || "the backend";
}
