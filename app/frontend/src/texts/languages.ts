/** The languages of the interface, and which of them somebody gets. */

/** Tag (BCP 47) and own name of each. */
export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  ja: "日本語",
} as const;

export type Language = keyof typeof LANGUAGES;

export const DEFAULT_LANGUAGE: Language = "en";

/** The cookie that keeps what somebody chose. */
export const LANGUAGE_COOKIE = "language";

/** Longest Accept-Language header that is read, in characters: browsers send far less. */
const LONGEST_HEADER = 500;

export function isLanguage(value: string | undefined): value is Language {
  return value !== undefined && Object.hasOwn(LANGUAGES, value);
}

/**
 * What was chosen; else the first that the browser asks for, by its weights; else English.
 *
 * @param accepted an Accept-Language header, for example "de-AT,de;q=0.9,en;q=0.8"
 */
export function languageFor(chosen: string | undefined, accepted: string | null): Language {
  if (isLanguage(chosen)) return chosen;
  const wanted = (accepted ?? "")
    .slice(0, LONGEST_HEADER)
    .split(",")
    .map((item) => {
      const [tag = "", ...parameters] = item.trim().toLowerCase().split(";");
      const weight = parameters.find((each) => each.trim().startsWith("q="));
      return {
        tag: tag.trim().split("-")[0],
        weight: weight ? Number(weight.trim().slice(2)) || 0 : 1,
      };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return wanted.map(({ tag }) => tag).find(isLanguage) ?? DEFAULT_LANGUAGE;
}
