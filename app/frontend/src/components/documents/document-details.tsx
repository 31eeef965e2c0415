import { Fact, Facts } from "@/components/ui/facts";
import type { RagDocument } from "@/lib/api/types";
import { formatName } from "@/lib/formats";
import { getTexts } from "@/texts/server";

/** What is known of a document, and what clients noted of it. */
export async function DocumentDetails({ document }: { document: RagDocument }) {
  const t = await getTexts();
  const metadata = Object.entries(document.metadata ?? {});
  return (
    <section className="card p-5" aria-label={t("document.details")}>
      <Facts>
        <Fact name={t("documents.type")}>
          {formatName(document.filename, document.content_type)}
        </Fact>
        <Fact name={t("documents.language")}>
          {document.language ? t.languageName(document.language) : t("document.unknown")}
        </Fact>
        <Fact name={t("documents.size")}>{t.bytes(document.bytes)}</Fact>
        <Fact name={t("document.pages")}>{t.number(document.pages)}</Fact>
        <Fact name={t("document.passages")}>{t.number(document.chunks)}</Fact>
        <Fact name={t("documents.added")}>
          {document.created_at && t.moment(document.created_at)}
        </Fact>
        <Fact name={t("document.changed")}>
          {document.updated_at && t.moment(document.updated_at)}
        </Fact>
        <Fact name={t("document.id")}>
          <code className="text-xs">{document.id}</code>
        </Fact>
        <Fact name={t("document.hash")}>
          <code className="text-xs">{document.sha256}</code>
        </Fact>
      </Facts>
      <h2 className="text-soft mt-5 text-xs font-semibold">{t("document.metadata")}</h2>
      {metadata.length === 0 ? (
        <p className="mt-1 text-sm">{t("document.metadata.none")}</p>
      ) : (
        <ul className="mt-2 flex flex-wrap gap-2" data-metadata>
          {metadata.map(([name, value]) => (
            <li key={name} className="bg-sunk rounded-lg px-2.5 py-1 text-xs wrap-anywhere">
              <span className="text-soft">{name}</span> {String(value)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
