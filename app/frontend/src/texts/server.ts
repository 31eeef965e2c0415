import "server-only";
import { cookies, headers } from "next/headers";
import { cache } from "react";
import { ALL_TEXTS } from "./all";
import { LANGUAGE_COOKIE, languageFor } from "./languages";
import { type Translator, translator } from "./translator";

/** The texts of the language that the request's visitor chose, or whose browser asks for. */
export const getTexts = cache(async (): Promise<Translator> => {
  const chosen = (await cookies()).get(LANGUAGE_COOKIE)?.value;
  const language = languageFor(chosen, (await headers()).get("accept-language"));
  return translator(language, ALL_TEXTS[language]);
});
