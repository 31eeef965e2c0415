import { relay } from "@/lib/relay";

export const dynamic = "force-dynamic";

interface Context {
  params: Promise<{ path: string[] }>;
}

async function handle(request: Request, { params }: Context): Promise<Response> {
  return relay(request, (await params).path.join("/"));
}

export const GET = handle;
export const POST = handle;
export const DELETE = handle;
