import "server-only";

/** Writes one line of JSON about a request that failed. Never holds what a visitor wrote. */
export function logFailure(event: string, requestId: string, error: unknown): void {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : null;
  const line = {
    level: "error",
    time: new Date().toISOString(),
    event,
    request_id: requestId,
    error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    ...(cause && { cause: cause.message || cause.name }),
  };
  console.error(JSON.stringify(line));
}
