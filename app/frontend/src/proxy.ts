import { NextResponse, type NextRequest } from "next/server";
import { isAllowedHost } from "@/lib/hosts";
import { MAX_REQUEST_BYTES } from "@/lib/limits";
import { contentSecurityPolicy, HSTS_HEADER } from "@/lib/security-headers";

/**
 * Turns away requests for another's name and oversized uploads, and sets the policy of each page.
 */
export function proxy(request: NextRequest): NextResponse {
  if (!isAllowedHost(request.headers.get("host"), process.env.ALLOWED_HOSTS ?? "")) {
    return new NextResponse("No page has this name here.\n", { status: 421 });
  }
  const response = isTooLarge(request) ? sendBackToPage(request) : renderWithPolicy(request);
  if (request.headers.get("x-forwarded-proto") === "https") {
    response.headers.set(HSTS_HEADER.key, HSTS_HEADER.value);
  }
  return response;
}

function isTooLarge(request: NextRequest): boolean {
  return Number(request.headers.get("content-length") ?? 0) > MAX_REQUEST_BYTES;
}

/** Next shortens the address to a relative one, so a Host header from a proxy does no harm. */
function sendBackToPage(request: NextRequest): NextResponse {
  return NextResponse.redirect(new URL("/documents?problem=upload-too-large", request.url), 303);
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
