"use client";

import { chooseLanguage } from "@/app/actions";
import { useTexts } from "@/texts/client";
import { LANGUAGES } from "@/texts/languages";

/** Chooses the language of the interface. Without scripts it has a button of its own. */
export function LanguageSwitch() {
  const t = useTexts();
  return (
    <form action={chooseLanguage} data-form="language" className="flex min-w-0 items-center gap-1">
      <label className="min-w-0">
        <span className="sr-only">{t("language.label")}</span>
        <select
          name="language"
          defaultValue={t.language}
          onChange={(event) => event.currentTarget.form?.requestSubmit()}
          className="text-soft hover:bg-sunk hover:text-ink h-9 max-w-28 rounded-lg bg-transparent px-2 text-sm"
        >
          {Object.entries(LANGUAGES).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag} className="bg-card text-ink">
              {name}
            </option>
          ))}
        </select>
      </label>
      <noscript>
        <button type="submit" className="button button-quiet">
          {t("preferences.apply")}
        </button>
      </noscript>
    </form>
  );
}
