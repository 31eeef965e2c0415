import "server-only";
import { backendUrl } from "./backend";
import { logFailure } from "./log";
import { peopleSignIn, SESSION_COOKIES, SIGN_IN_COOKIES, visitorHeaders } from "./visitor";

/** The backend's sign-in, of which this server is the door: browsers reach the backend by no other. */

const PATHS: Record<string, string> = {
  "auth/login": "GET",
  "auth/callback": "GET",
  "auth/logout": "POST",
};
/** Milliseconds: the backend asks the issuer meanwhile. */
const DEADLINE_MS = 20_000;

/** Whether a path below /v1/ is of the sign-in. */
export function isSignIn(method: string, path: string): boolean {
  return peopleSignIn() && PATHS[path] === method;
}

/** Hands a request of the sign-in on, with the cookies that it is about, and its answer back. */
export async function relaySignIn(request: Request, path: string): Promise<Response> {
  const requestId = crypto.randomUUID();
  const names = [...SESSION_COOKIES, ...SIGN_IN_COOKIES];
  try {
    const response = await fetch(backendUrl(`/v1/${path}${new URL(request.url).search}`), {
      method: request.method,
      headers: {
        ...(await visitorHeaders(request.headers, names)),
        accept: request.headers.get("accept") ?? "*/*",
        "x-request-id": requestId,
      },
      cache: "no-store",
      // The browser is sent on, not this server.
      redirect: "manual",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return returned(response);
  } catch (error) {
    logFailure("sign_in", requestId, error);
    return new Response(null, {
      status: 303,
      headers: { Location: "/sign-in?error=unavailable", "Cache-Control": "no-store" },
    });
  }
}

function returned(response: Response): Response {
  const headers = new Headers({ "Cache-Control": "no-store" });
  for (const name of ["content-type", "location", "x-request-id"]) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  for (const cookie of response.headers.getSetCookie()) headers.append("set-cookie", cookie);
  return new Response(response.body, { status: response.status, headers });
}
