/** What Next.js runs once before the server takes requests. */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { traceRequests } = await import("./lib/tracing");
  await traceRequests();
  const { endWithTheLastAnswer } = await import("./lib/shutdown");
  endWithTheLastAnswer();
  const { putBeforeNext } = await import("./lib/gate");
  const { nameUnreadableForms, refuseStrangers } = await import("./lib/refusals");
  const { limitOpenUploads, measureChunks } = await import("./lib/uploads");
  putBeforeNext([refuseStrangers, limitOpenUploads(), measureChunks(), nameUnreadableForms]);
}
