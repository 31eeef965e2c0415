import Link from "next/link";
import { getTexts } from "@/texts/server";

/** The way to the keys after those that are shown. */
export async function Paging({ cursor }: { cursor: string }) {
  const t = await getTexts();
  return (
    <nav aria-label={t("documents.paging")}>
      <Link
        href={`/keys?cursor=${encodeURIComponent(cursor)}`}
        prefetch={false}
        className="button button-quiet"
      >
        {t("documents.next")}
      </Link>
    </nav>
  );
}
