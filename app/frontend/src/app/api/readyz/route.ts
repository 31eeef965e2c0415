import { checkBackend } from "@/lib/readiness";

export const dynamic = "force-dynamic";

/** 503 until the backend was reached once; from then on 200, with a warning while it is away. */
export async function GET(): Promise<Response> {
  const check = await checkBackend();
  return new Response(JSON.stringify({ status: check.status, checks: { backend: [check] } }), {
    status: check.status === "fail" ? 503 : 200,
    headers: { "Content-Type": "application/health+json", "Cache-Control": "no-store" },
  });
}
