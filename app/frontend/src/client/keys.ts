import type { CreatedKey, NewKey } from "@/lib/api/types";
import { parseCreatedKey } from "@/lib/contract";
import type { Translator } from "@/texts/translator";
import { post, request } from "./api";

/** Changes of API keys. Both throw ProblemError. */

/** Makes a key; the answer has its text, which nobody is shown again. */
export async function makeKey(wanted: NewKey, t: Translator): Promise<CreatedKey> {
  return parseCreatedKey(await post("/api/v1/keys", wanted, "change", t));
}

/** Ends a key. */
export async function endKey(id: string, t: Translator): Promise<void> {
  await request(`/api/v1/keys/${id}`, { method: "DELETE" }, "change", t);
}
