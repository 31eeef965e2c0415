"use client";

import { useId } from "react";
import { uploadCollection, useCollections } from "@/client/collections";
import { useStore } from "@/client/store";
import {
  COLLECTION_PATTERN,
  DEFAULT_COLLECTION,
  isCollectionName,
} from "@/lib/names-of-collections";
import { useTexts } from "@/texts/client";

/** The collection that files go to: one that is there, or a new one by its name. */
export function UploadCollection() {
  const t = useTexts();
  const names = useCollections();
  const value = useStore(uploadCollection);
  const list = useId();
  const hint = useId();
  const wrong = value !== "" && !isCollectionName(value);
  return (
    <div className="mt-3 flex flex-wrap items-center justify-center gap-2 text-sm">
      <label className="inline-flex items-center gap-2">
        <span className="text-soft">{t("collections.label")}</span>
        <input
          name="collection"
          list={list}
          value={value}
          placeholder={DEFAULT_COLLECTION}
          autoComplete="off"
          spellCheck={false}
          maxLength={63}
          pattern={COLLECTION_PATTERN}
          aria-invalid={wrong || undefined}
          aria-describedby={wrong ? hint : undefined}
          onChange={({ currentTarget }) => uploadCollection.set(currentTarget.value.trim())}
          className="field placeholder:text-soft w-44 py-1"
        />
      </label>
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {wrong && (
        <p id={hint} className="text-bad w-full text-center text-xs">
          {t("collections.wrong")}
        </p>
      )}
    </div>
  );
}
