export const dynamic = "force-static";

/** Says that this process serves; looks at nothing else, so that no other's outage restarts it. */
export function GET(): Response {
  return Response.json({ status: "pass" });
}
