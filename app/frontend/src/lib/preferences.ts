import "server-only";
import { cookies, headers } from "next/headers";
import { isLanguage, LANGUAGE_COOKIE } from "@/texts/languages";

/** What a visitor chose of how the page looks. Cookies, so that the first page is right already. */

export const THEME_COOKIE = "theme";
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const ONE_YEAR_S = 365 * 24 * 60 * 60;

function isTheme(value: string | undefined): value is Theme {
  return THEMES.some((theme) => theme === value);
}

/** The theme that was chosen; "system" where none was. */
export async function getTheme(): Promise<Theme> {
  const value = (await cookies()).get(THEME_COOKIE)?.value;
  return isTheme(value) ? value : "system";
}

/** Keeps a choice; another value than those on offer changes nothing. */
export async function choose(name: string, value: FormDataEntryValue | null): Promise<void> {
  if (typeof value !== "string") return;
  if (!(name === LANGUAGE_COOKIE ? isLanguage(value) : isTheme(value))) return;
  (await cookies()).set(name, value, {
    httpOnly: true,
    sameSite: "lax",
    secure: (await headers()).get("x-forwarded-proto") === "https",
    path: "/",
    maxAge: ONE_YEAR_S,
  });
}
