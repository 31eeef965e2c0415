import "server-only";
import type { Translator } from "@/texts/translator";
import type { Health, Version } from "./api/types";
import { getHealth, getMetrics, getVersion } from "./backend";
import { logFailure } from "./log";
import { type Problem, toProblem } from "./problem";
import { parseQueue, type Queue } from "./queue";

export interface Status {
  health: Health | null;
  version: Version | null;
  queue: Queue | null;
  /** Why something of it could not be had. */
  problem: Problem | null;
}

/** How the service is, as far as the backend tells it. */
export async function loadStatus(t: Translator): Promise<Status> {
  const requestId = crypto.randomUUID();
  const [health, version, metrics] = await Promise.allSettled([
    getHealth(requestId),
    getVersion(requestId),
    getMetrics(requestId),
  ]);
  const failed = [health, version, metrics].find((each) => each.status === "rejected");
  if (failed) logFailure("show_status", requestId, failed.reason);
  return {
    health: health.status === "fulfilled" ? health.value : null,
    version: version.status === "fulfilled" ? version.value : null,
    queue: metrics.status === "fulfilled" ? parseQueue(metrics.value) : null,
    problem: failed ? toProblem(failed.reason, "status", requestId, t) : null,
  };
}
