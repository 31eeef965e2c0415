import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { ChevronLeft, Download } from "lucide-react";
import { DocumentActions } from "@/components/documents/document-actions";
import { DocumentDetails } from "@/components/documents/document-details";
import { DocumentText } from "@/components/documents/document-text";
import { StatusBadge } from "@/components/documents/status-badge";
import { PageHeader } from "@/components/ui/page-header";
import { ProblemNotice } from "@/components/ui/problem-notice";
import { loadDocument } from "@/lib/document-page";
import { getTexts } from "@/texts/server";

interface PageProps {
  params: Promise<{ id: string }>;
  searchParams: Promise<{ cursor?: string | string[] }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTexts())("documents.title") };
}

export default async function DocumentPage({ params, searchParams }: PageProps) {
  const t = await getTexts();
  const { id } = await params;
  const { cursor } = await searchParams;
  const loaded = await loadDocument(id, typeof cursor === "string" ? cursor : undefined, t);
  if (loaded === null) notFound();
  if ("problem" in loaded) {
    return (
      <div className="mx-auto w-full max-w-4xl px-4 py-8 sm:px-6">
        <ProblemNotice problem={loaded.problem} />
      </div>
    );
  }
  const { document, chunks } = loaded;
  return (
    <div className="mx-auto w-full max-w-4xl space-y-6 px-4 py-8 sm:px-6">
      <Link
        href="/documents"
        className="text-soft hover:text-ink inline-flex items-center gap-1 text-sm"
      >
        <ChevronLeft className="size-4" aria-hidden="true" />
        {t("document.back")}
      </Link>
      <PageHeader title={document.filename}>
        <div className="flex flex-wrap items-center gap-2">
          <a
            className="button button-quiet"
            href={`/api/v1/documents/${document.id}/content`}
            download
          >
            <Download className="size-4" aria-hidden="true" />
            {t("source.download")}
          </a>
          <DocumentActions document={document} />
        </div>
      </PageHeader>
      <div className="flex flex-wrap items-center gap-3">
        <StatusBadge status={document.status} />
        {document.error && <p className="text-bad text-sm wrap-anywhere">{document.error}</p>}
      </div>
      <DocumentDetails document={document} />
      <DocumentText id={document.id} chunks={chunks} pages={document.pages} />
    </div>
  );
}
