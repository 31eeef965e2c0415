import Link from "next/link";
import { type ListView, listHref } from "@/lib/list-query";
import { getTexts } from "@/texts/server";

/** Ways to the other pages of the list. */
export async function Paging({ view, next }: { view: ListView; next: string | null }) {
  const t = await getTexts();
  if (!next && !view.cursor) return null;
  return (
    <nav aria-label={t("documents.paging")} className="flex justify-end gap-2">
      {view.cursor && (
        <Link href={listHref(view, {})} prefetch={false} className="button button-quiet">
          {t("documents.first")}
        </Link>
      )}
      {next && (
        <Link
          href={listHref(view, { cursor: next })}
          prefetch={false}
          className="button button-quiet"
          rel="next"
        >
          {t("documents.next")}
        </Link>
      )}
    </nav>
  );
}
