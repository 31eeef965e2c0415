import { en, type TextKey, type Texts } from "./en";
import type { Language } from "./languages";

type Plural<Key> = Key extends `${infer Stem}_other` ? Stem : never;

/** The name of texts of which a count chooses one. */
export type CountKey = Plural<TextKey>;

export type Values = Record<string, string | number>;

/** Texts in one language, and what else depends on it. */
export interface Translator {
  language: Language;
  /** A text with `{name}` replaced by the value of that name. */
  (key: TextKey, values?: Values): string;
  /** The text for this count, which is also the value `count`. */
  count(key: CountKey, count: number, values?: Values): string;
  /** A number as it is written. */
  number(value: number): string;
  /** A share from 0 to 1 in percent. */
  percent(share: number): string;
  /** A moment (ISO 8601) as date and time, in universal time: server and browser must agree. */
  moment(value: string): string;
  /** A size in bytes: "812 bytes", "4 KiB", "20.5 MiB" in English. */
  bytes(value: number): string;
  /** A duration in seconds: "40 sec", "3 min", "2 hr". */
  duration(seconds: number): string;
  /** Several names of which one counts: "text, Markdown or PDF". */
  either(names: readonly string[]): string;
  /** The name of a language by its tag; the tag where it has no name. */
  languageName(tag: string): string;
}

const MEBIBYTE = 1024 * 1024;

export function translator(language: Language, texts: Texts): Translator {
  const plurals = new Intl.PluralRules(language);
  const number = (value: number, options?: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat(language, options).format(value);
  const text = (key: TextKey, values: Values = {}) => fill(texts[key] ?? en[key], values);
  return Object.assign(text, {
    language,
    count(key: CountKey, count: number, values: Values = {}) {
      const form = plurals.select(count) === "one" ? "one" : "other";
      return text(`${key}_${form}`, { ...values, count: number(count) });
    },
    number: (value: number) => number(value),
    percent: (share: number) => number(share, { style: "percent" }),
    moment: (value: string) =>
      new Intl.DateTimeFormat(language, {
        dateStyle: "medium",
        timeStyle: "short",
        timeZone: "UTC",
      }).format(new Date(value)),
    bytes(value: number) {
      if (value < 1024) return number(value, { style: "unit", unit: "byte", unitDisplay: "long" });
      if (value < MEBIBYTE) return `${number(Math.round(value / 1024))} KiB`;
      return `${number(Number((value / MEBIBYTE).toFixed(1)))} MiB`;
    },
    duration(seconds: number) {
      const [unit, size] =
        seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60] : ["hour", 3600];
      return number(Math.round(seconds / Number(size)), { style: "unit", unit: String(unit) });
    },
    either: (names: readonly string[]) =>
      new Intl.ListFormat(language, { type: "disjunction" }).format(names).replace(/, or /, " or "),
    languageName(tag: string) {
      try {
        return new Intl.DisplayNames(language, { type: "language" }).of(tag) ?? tag;
      } catch {
        return tag;
      }
    },
  });
}

function fill(text: string, values: Values): string {
  return text.replace(/\{([a-z]{1,20})\}/g, (mark, name: string) => String(values[name] ?? mark));
}
