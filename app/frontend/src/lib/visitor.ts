import "server-only";
import { headers } from "next/headers";

/** Names of the cookies of people's sessions, and of a sign-in under way, with https and without. */
export const SESSION_COOKIES = ["__Host-rag-session", "rag-session"];
export const SIGN_IN_COOKIES = ["__Host-rag-signin", "rag-signin"];

/** What tells the backend that a change was asked for by a page of ours. */
const ORIGIN = ["origin", "sec-fetch-site"];

/** Whether people sign in. The backend then knows each by a session, and no key stands for them. */
export function peopleSignIn(): boolean {
  return process.env["AUTH"] === "oidc";
}

/**
 * What of a visitor's request goes on to the backend: the session, and where the request comes from.
 *
 * @param given the request's headers; without: those of the request that is being served
 */
export async function visitorHeaders(
  given?: Headers,
  names = SESSION_COOKIES,
): Promise<Record<string, string>> {
  const all = given ?? (await headers());
  const cookie = pairs(all.get("cookie") ?? "", names);
  const origin = ORIGIN.flatMap((name) => {
    const value = all.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { ...(cookie && { cookie }), ...Object.fromEntries(origin) };
}

/** Those of some cookies that have one of these names: others are none of the backend's business. */
function pairs(cookies: string, names: readonly string[]): string {
  return cookies
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => names.includes(pair.split("=", 1)[0] ?? ""))
    .join("; ");
}
