"use client";

import { FolderOpen } from "lucide-react";
import { askedCollection, useCollections } from "@/client/collections";
import { useStore } from "@/client/store";
import { useTexts } from "@/texts/client";

/** Which collection questions are about. Nothing where there is one alone. */
export function CollectionChoice() {
  const t = useTexts();
  const names = useCollections();
  const chosen = useStore(askedCollection);
  if (names.length < 2) return null;
  return (
    <label className="text-soft flex min-w-0 items-center gap-1.5 px-1.5 text-xs">
      <FolderOpen className="size-3.5 flex-none" aria-hidden="true" />
      <span className="sr-only">{t("collections.label")}</span>
      <select
        value={names.includes(chosen) ? chosen : ""}
        onChange={({ currentTarget }) => askedCollection.set(currentTarget.value)}
        className="hover:text-ink h-7 min-w-0 rounded-lg bg-transparent"
        data-collection-choice
      >
        <option value="" className="bg-card text-ink">
          {t("keys.collections.all")}
        </option>
        {names.map((name) => (
          <option key={name} value={name} className="bg-card text-ink">
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
