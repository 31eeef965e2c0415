import Link from "next/link";
import type { ChunkPage } from "@/lib/api/types";
import { getTexts } from "@/texts/server";

interface DocumentTextProps {
  id: string;
  chunks: ChunkPage;
  pages: number;
}

/** A document's text as it is searched: passage by passage. */
export async function DocumentText({ id, chunks, pages }: DocumentTextProps) {
  const t = await getTexts();
  const more = new URLSearchParams({ cursor: chunks.next_cursor ?? "" });
  return (
    <section aria-labelledby="text-title" className="space-y-3">
      <h2 id="text-title" className="font-semibold">
        {t("document.text")}
      </h2>
      {chunks.items.length === 0 && <p className="text-soft text-sm">{t("document.text.none")}</p>}
      <ol className="space-y-3">
        {chunks.items.map((chunk) => (
          <li key={chunk.id} className="card px-4 py-3" data-passage={chunk.ordinal}>
            <p className="text-soft mb-1 text-xs wrap-anywhere">
              {[pages > 1 && t("document.page", { page: chunk.page }), chunk.heading]
                .filter(Boolean)
                .join(" · ")}
            </p>
            <p dir="auto" className="text-sm leading-6 wrap-anywhere whitespace-pre-line">
              {chunk.text}
            </p>
          </li>
        ))}
      </ol>
      {chunks.next_cursor && (
        <Link className="button button-quiet" href={`/documents/${id}?${more}`} prefetch={false}>
          {t("document.more")}
        </Link>
      )}
    </section>
  );
}
