/** What Next.js runs once before the server takes requests. */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { endWithTheLastAnswer } = await import("./lib/shutdown");
  endWithTheLastAnswer();
  const { limitOpenUploads } = await import("./lib/uploads");
  limitOpenUploads();
}
