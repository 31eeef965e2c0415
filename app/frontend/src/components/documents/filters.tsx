import { Search } from "lucide-react";
import Form from "next/form";
import { FORMAT_NAMES } from "@/lib/formats";
import { collectionNames } from "@/lib/keys";
import { LISTED_LANGUAGES, type ListView, STATUSES } from "@/lib/list-query";
import { getTexts } from "@/texts/server";
import type { Translator } from "@/texts/translator";
import { SendOnChange } from "./send-on-change";

/** Narrows the list of documents. Its values are in the address, so that a view can be shared. */
export async function Filters({ view }: { view: ListView }) {
  const t = await getTexts();
  const collections = await collectionNames();
  return (
    <Form
      action="/documents"
      prefetch={false}
      role="search"
      data-form="filter"
      className="flex flex-wrap items-center gap-2"
    >
      <label className="relative min-w-0 flex-[1_1_16rem] self-end">
        <span className="sr-only">{t("documents.search")}</span>
        <Search
          className="text-soft pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2"
          aria-hidden="true"
        />
        <input
          type="search"
          name="name"
          key={view.name}
          defaultValue={view.name}
          placeholder={t("documents.search")}
          className="field placeholder:text-soft w-full pl-9"
        />
      </label>
      <SendOnChange>
        <Choice
          name="status"
          label={t("documents.status")}
          all={t("documents.all")}
          value={view.status}
          options={STATUSES.map((status) => [status, t(`status.${status}`)])}
        />
        <Choice
          name="type"
          label={t("documents.type")}
          all={t("documents.all")}
          value={view.type}
          options={FORMAT_NAMES.map((name) => [name, name])}
        />
        <Choice
          name="language"
          label={t("documents.language")}
          all={t("documents.all")}
          value={view.language}
          options={languages(t)}
        />
        {(collections.length > 1 || view.collection !== "") && (
          <Choice
            name="collection"
            label={t("collections.label")}
            all={t("documents.all")}
            value={view.collection}
            options={collections.map((name) => [name, name])}
          />
        )}
      </SendOnChange>
      {view.sort !== "-created" && <input type="hidden" name="sort" value={view.sort} />}
      <button type="submit" className="button button-quiet scripting:hidden">
        {t("documents.filter")}
      </button>
    </Form>
  );
}

/** By their names in the interface's language. */
function languages(t: Translator): [value: string, text: string][] {
  const named = LISTED_LANGUAGES.map((tag): [string, string] => [tag, t.languageName(tag)]);
  return named.sort(([, a], [, b]) => a.localeCompare(b, t.language));
}

interface ChoiceProps {
  name: string;
  label: string;
  all: string;
  value: string;
  options: [value: string, text: string][];
}

function Choice({ name, label, all, value, options }: ChoiceProps) {
  return (
    <label className="flex min-w-0 flex-col gap-1 text-sm lg:flex-row lg:items-center lg:gap-1.5">
      <span className="text-soft text-xs lg:text-sm">{label}</span>
      <select name={name} key={value} defaultValue={value} className="field min-w-0 py-1">
        <option value="">{all}</option>
        {options.map(([each, text]) => (
          <option key={each} value={each}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
