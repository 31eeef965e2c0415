import "server-only";
import { cache } from "react";
import type { Me } from "./api/types";
import { getMe } from "./backend";
import { logFailure } from "./log";
import { BackendStatusError } from "./problem";
import { peopleSignIn, visitorHeaders } from "./visitor";

/** Who visits: known; nobody who has signed in; or not to be had at present. */
export type Visitor = { me: Me } | { me: null; stranger: boolean };

/** Who sends the request that is being served. */
export const visitor = cache(async (): Promise<Visitor> => {
  // Who brings no session is a stranger also where the backend is slow to say so.
  if (peopleSignIn() && !(await visitorHeaders())["cookie"]) return { me: null, stranger: true };
  const requestId = crypto.randomUUID();
  try {
    return { me: await getMe(requestId) };
  } catch (error) {
    if (error instanceof BackendStatusError && error.status === 401) {
      return { me: null, stranger: true };
    }
    // The page itself tells what is wrong.
    logFailure("who", requestId, error);
    return { me: null, stranger: false };
  }
});
