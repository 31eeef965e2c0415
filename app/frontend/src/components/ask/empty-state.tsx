"use client";

import { FileUp } from "lucide-react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { get } from "@/client/api";
import { useMe } from "@/client/me";
import { parseDocumentPage } from "@/lib/contract";
import { may } from "@/lib/roles";
import { useTexts } from "@/texts/client";

/** What is shown before the first question; who has no documents is told where they go. */
export function EmptyState() {
  const t = useTexts();
  const none = useNoDocuments();
  const writes = may(useMe(), "writer");
  return (
    <div className="flex flex-[2] flex-col justify-end pb-8 text-center">
      <h1 className="text-2xl font-semibold tracking-tight text-balance sm:text-3xl">
        {t("ask.title")}
      </h1>
      <p className="text-soft mx-auto mt-2 max-w-md text-balance">
        {none ? t("ask.none") : t("ask.lead")}
      </p>
      {none && writes && (
        <p className="mt-4">
          <Link href="/documents" className="button button-quiet">
            <FileUp className="size-4" aria-hidden="true" />
            {t("ask.none.link")}
          </Link>
        </p>
      )}
    </div>
  );
}

/** Whether there surely are no documents; asked in the browser, so that the page waits for nobody. */
function useNoDocuments(): boolean {
  const t = useTexts();
  const [none, setNone] = useState(false);
  useEffect(() => {
    let there = true;
    get("/api/v1/documents?limit=1", "list", t)
      .then((body) => {
        if (there) setNone(parseDocumentPage(body).items.length === 0);
      })
      // The question itself will tell what is wrong.
      .catch(() => undefined);
    return () => {
      there = false;
    };
  }, [t]);
  return none;
}
