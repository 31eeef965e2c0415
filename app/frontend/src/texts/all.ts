import { de } from "./de";
import { en, type Texts } from "./en";
import { es } from "./es";
import { fr } from "./fr";
import { ja } from "./ja";
import type { Language } from "./languages";

/** The texts of every language; only the server has them all. */
export const ALL_TEXTS: Record<Language, Texts> = { en, de, es, fr, ja };
