import { AskPanel } from "@/components/ask-panel";
import { DocumentList } from "@/components/document-list";
import { ProblemNotice } from "@/components/problem-notice";
import { RefreshWhile } from "@/components/refresh-while";
import { UploadForm } from "@/components/upload-form";
import { readinessOf } from "@/lib/contract";
import { listDocuments } from "@/lib/documents";
import { UPLOAD_TOO_LARGE } from "@/lib/problem";
import { submitDocument, submitQuestion } from "./actions";

interface PageProps {
  searchParams: Promise<{ problem?: string | string[] }>;
}

export default async function Page({ searchParams }: PageProps) {
  const { documents, problem } = await listDocuments();
  const tooLarge = (await searchParams).problem === "upload-too-large";
  const pending = documents.some((document) => readinessOf(document.status) === "pending");
  return (
    <div className="mx-auto max-w-5xl px-4 py-8 sm:px-6 sm:py-12">
      <header className="mb-8">
        <h1 className="text-2xl font-semibold tracking-tight">Ask your documents</h1>
        <p className="text-soft mt-1">
          Answers come from uploaded documents only, each with the places it rests on.
        </p>
      </header>
      <main className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <AskPanel action={submitQuestion} />
        <section aria-labelledby="documents-title" className="card space-y-5 lg:order-last">
          <h2 id="documents-title" className="text-lg font-semibold">
            Documents
          </h2>
          {tooLarge && <ProblemNotice problem={UPLOAD_TOO_LARGE} />}
          <UploadForm action={submitDocument} />
          {problem && <ProblemNotice problem={problem} />}
          <DocumentList documents={documents} incomplete={problem !== null} />
          <RefreshWhile active={pending} />
        </section>
      </main>
    </div>
  );
}
