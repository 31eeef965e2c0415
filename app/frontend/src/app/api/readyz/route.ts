import { checkBackend } from "@/lib/readiness";

export const dynamic = "force-dynamic";

/** 200 when the backend lives, else 503 with the cause (application/health+json). */
export async function GET(): Promise<Response> {
  const check = await checkBackend();
  return new Response(JSON.stringify({ status: check.status, checks: { backend: [check] } }), {
    status: check.status === "pass" ? 200 : 503,
    headers: { "Content-Type": "application/health+json", "Cache-Control": "no-store" },
  });
}
