import { NextResponse, type NextRequest } from "next/server";
import { MAX_REQUEST_BYTES } from "@/lib/limits";
import { contentSecurityPolicy, HSTS_HEADER } from "@/lib/security-headers";

/** Turns away oversized uploads before they are read, and sets the policy of each page. */
export function proxy(request: NextRequest): NextResponse {
  const response = isTooLarge(request) ? sendBackToPage() : renderWithPolicy(request);
  if (request.headers.get("x-forwarded-proto") === "https") {
    response.headers.set(HSTS_HEADER.key, HSTS_HEADER.value);
  }
  return response;
}

function isTooLarge(request: NextRequest): boolean {
  return Number(request.headers.get("content-length") ?? 0) > MAX_REQUEST_BYTES;
}

/**
 * Relative, since the server knows its own address only from the Host header,
 * which need not be the one that the visitor sees.
 */
function sendBackToPage(): NextResponse {
  return new NextResponse(null, {
    status: 303,
    headers: { Location: "/?problem=upload-too-large", Connection: "close" },
  });
}

function renderWithPolicy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.randomUUID()).toString("base64");
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === "development");
  const headers = new Headers(request.headers);
  headers.set("Content-Security-Policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", policy);
  return response;
}

export const config = { matcher: ["/((?!api/|_next/static|icon.svg).*)"] };
