import { isAllowedHost } from "@/lib/hosts";
import { jobStream } from "@/lib/job-stream";
import { MAX_FOLLOWED_JOBS } from "@/lib/limits";

export const dynamic = "force-dynamic";

const ID = /^[0-9a-f]{1,64}$/;

/** Follows the jobs `ids` (with commas between them) until all have ended. */
export function GET(request: Request): Response {
  if (!isAllowedHost(request.headers.get("host"), process.env["ALLOWED_HOSTS"] ?? "")) {
    return new Response("No page has this name here.\n", { status: 421 });
  }
  const ids = [...new Set(new URL(request.url).searchParams.get("ids")?.split(","))];
  if (ids.length === 0 || ids.length > MAX_FOLLOWED_JOBS || !ids.every((id) => ID.test(id))) {
    return new Response("ids must be 1 to 50 ids of jobs.\n", { status: 422 });
  }
  return new Response(jobStream(ids, request.signal, request.headers), {
    headers: {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
    },
  });
}
