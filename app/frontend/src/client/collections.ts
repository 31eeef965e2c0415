import { useEffect, useState } from "react";
import { parseCollections } from "@/lib/contract";
import { useTexts } from "@/texts/client";
import { get } from "./api";
import { Store } from "./store";

/** The collection that questions are about; empty: all. It stays while other pages are looked at. */
export const askedCollection = new Store("");

/** The collection that files go to; empty: the usual one. */
export const uploadCollection = new Store("");

/** Names of the collections that have documents; asked in the browser, so that no page waits. */
export function useCollections(): readonly string[] {
  const t = useTexts();
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    let there = true;
    get("/api/v1/collections", "list", t)
      .then((body) => {
        if (there) setNames(parseCollections(body));
      })
      // Without names there is nothing to choose from, and all are meant.
      .catch(() => undefined);
    return () => {
      there = false;
    };
  }, [t]);
  return names;
}
