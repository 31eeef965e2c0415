import type { Metadata } from "next";
import { submitDocuments } from "@/app/actions";
import { DocumentTable } from "@/components/documents/document-table";
import { EmptyList } from "@/components/documents/empty-list";
import { Filters } from "@/components/documents/filters";
import { Paging } from "@/components/documents/paging";
import { UploadArea } from "@/components/documents/upload-area";
import { PageHeader } from "@/components/ui/page-header";
import { ProblemNotice } from "@/components/ui/problem-notice";
import { loadList } from "@/lib/document-list";
import { isFiltered, listView, type Parameters } from "@/lib/list-query";
import { visitor } from "@/lib/me";
import { tooLarge } from "@/lib/problem";
import { may } from "@/lib/roles";
import { getTexts } from "@/texts/server";

interface PageProps {
  searchParams: Promise<Parameters>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTexts())("documents.title") };
}

export default async function DocumentsPage({ searchParams }: PageProps) {
  const t = await getTexts();
  const parameters = await searchParams;
  const view = listView(parameters);
  const { me } = await visitor();
  const { documents, next, jobs, problem } = await loadList(view, t);
  const shown = documents.length > 0;
  return (
    <div className="mx-auto w-full max-w-6xl space-y-6 px-4 py-8 sm:px-6">
      <PageHeader title={t("documents.title")} lead={t("documents.lead")} />
      {parameters["problem"] === "upload-too-large" && <ProblemNotice problem={tooLarge(t)} />}
      {may(me, "writer") && <UploadArea action={submitDocuments} />}
      {problem && <ProblemNotice problem={problem} />}
      {(shown || isFiltered(view)) && <Filters view={view} />}
      {shown && <DocumentTable documents={documents} jobs={jobs} view={view} />}
      {!shown && !problem && <EmptyList filtered={isFiltered(view)} />}
      <Paging view={view} next={next} />
    </div>
  );
}
