import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ALL_TEXTS } from "@/texts/all";
import { en, type TextKey } from "@/texts/en";
import { type Language, languageFor, LANGUAGES } from "@/texts/languages";
import { translator } from "@/texts/translator";

const KEYS = Object.keys(en) as TextKey[];
const OTHERS = (Object.keys(LANGUAGES) as Language[]).filter((language) => language !== "en");
const SOURCE = path.resolve(import.meta.dirname, "../../src");

/** Words that are the same in both languages. */
const SAME =
  /^(nav\.(menu|documents)|status\.|document\.(id|hash|text|pages|passages|page)|documents\.(title|type|pages_.*|name|status|actions)|source\.(panel|text|page_image)|answer\.(source.*|page|document)|health\.(version|revision|workers|state|part)|history\.title|page\.reference)/;

function names(text: string): string[] {
  return [...text.matchAll(/\{([a-z]+)\}/g)].map((found) => found[1] ?? "").sort();
}

function files(folder: string, wanted: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => wanted.test(name))
    .map((name) => path.join(folder, name));
}

describe.each(OTHERS)("the texts in %s", (language) => {
  const texts = ALL_TEXTS[language];

  it("are all there, and no others", () => {
    expect(Object.keys(texts).sort()).toEqual([...KEYS].sort());
    expect(KEYS.filter((key) => texts[key].trim() === "")).toEqual([]);
  });

  it("take in the same values as the English ones", () => {
    expect(KEYS.filter((key) => String(names(texts[key])) !== String(names(en[key])))).toEqual([]);
  });

  it("are not English", () => {
    const same = KEYS.filter((key) => texts[key] === en[key] && !SAME.test(key));
    expect(same).toEqual([]);
  });
});

/** Texts whose names are put together of what was tried, or of how something is. */
const COMPOSED =
  /^(problem\.(ask|upload|list|document|change|status)\.(failed|unreadable|unanswered)|health\.(state\.)?(pass|warn|fail)|(status|stage|theme|role)\.\w+|feedback\.(up|down))$/;

describe("every text", () => {
  it("is used", () => {
    const source = files(SOURCE, /(?<!schema\.d)\.tsx?$/)
      .filter((file) => !file.includes(`${path.sep}texts${path.sep}`))
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
    const unused = KEYS.map((key) => key.replace(/_(one|other)$/, "")).filter(
      (key) => !COMPOSED.test(key) && !source.includes(`"${key}"`),
    );
    expect(unused).toEqual([]);
  });
});

describe("components", () => {
  it("have no words of their own", () => {
    const found = files(SOURCE, /\.tsx$/).flatMap((file) => {
      const source = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      const between = [...source.matchAll(/[^=]>\s*([A-Z][a-z]+(?: [a-z]+)*[.!?…]?)\s*</g)];
      const attributes = [...source.matchAll(/\b(?:aria-label|title|placeholder|alt)="([^"]+)"/g)];
      return [...between, ...attributes].map(([, text]) => `${path.basename(file)}: ${text}`);
    });
    expect(found).toEqual([]);
  });
});

describe("the language", () => {
  it.each([
    [undefined, "de-AT,de;q=0.9,en;q=0.8", "de"],
    [undefined, "nl,fr;q=0.5,ja;q=0.7", "ja"],
    [undefined, "en;q=0,es", "es"],
    [undefined, "xx, *;q=0.1", "en"],
    [undefined, null, "en"],
    [undefined, "de;q=wrong,fr", "fr"],
    ["fr", "de", "fr"],
    ["<x>", "de", "de"],
    ["constructor", "de", "de"],
  ])("chosen as %s and asked for as %s is %s", (chosen, accepted, language) => {
    expect(languageFor(chosen, accepted)).toBe(language);
  });

  it("chooses texts by counts and writes numbers", () => {
    const de = translator("de", ALL_TEXTS.de);
    expect(de.count("documents.pages", 1)).toBe("1 Seite");
    expect(de.count("documents.pages", 2500)).toBe("2.500 Seiten");
    expect(translator("ja", ALL_TEXTS.ja).count("documents.pages", 1)).toBe("1 ページ");
    expect(de.percent(0.5)).toBe("50\u00a0%");
    expect(de.languageName("fr")).toBe("Französisch");
    expect(de.languageName("not a tag")).toBe("not a tag");
    expect(de("answer.page", { page: "{name}" })).toBe("Seite {name}");
  });
});
