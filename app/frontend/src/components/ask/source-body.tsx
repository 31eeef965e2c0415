"use client";

import dynamic from "next/dynamic";
import { type ReactNode, useEffect, useState } from "react";
import { get, ProblemError, problemOf } from "@/client/api";
import { type CitedPage, citedPage } from "@/client/passage";
import { ProblemNotice } from "@/components/ui/problem-notice";
import type { Citation, RagDocument } from "@/lib/api/types";
import { parseDocument } from "@/lib/contract";
import type { Problem } from "@/lib/problem";
import { useTexts } from "@/texts/client";

/** Loaded only where a PDF is shown: it is large. */
const PdfPage = dynamic(() => import("./pdf-page"), { ssr: false, loading: () => null });

interface SourceBodyProps {
  citation: Citation;
  name: string;
}

type Loaded =
  | { kind: "loading" }
  | { kind: "gone" }
  | { kind: "failed"; problem: Problem }
  | { kind: "there"; document: RagDocument; page: CitedPage };

/** The passage with what stands around it; of a PDF the page itself, too. */
export function SourceBody({ citation, name }: SourceBodyProps) {
  const t = useTexts();
  const loaded = useLoaded(citation);
  const [view, setView] = useState<"text" | "page">("text");
  if (loaded.kind === "loading") return <Loading />;
  if (loaded.kind === "there") {
    const { content_type, version } = loaded.document;
    // Of a version that was replaced the text alone is kept.
    const pdf = content_type === "application/pdf" && version === citation.version;
    return (
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={0} role="region" aria-label={name}>
        <div className="flex items-center justify-between gap-2 px-4 pt-3">
          <p className="text-soft min-w-0 truncate text-xs">
            {[
              loaded.document.pages > 1 && t("document.page", { page: citation.page }),
              loaded.page.heading,
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
          {pdf && <Tabs view={view} onView={setView} />}
        </div>
        {view === "page" ? (
          <PdfPage citation={citation} name={name} />
        ) : (
          <PageText page={loaded.page} excerpt={citation.excerpt} />
        )}
      </div>
    );
  }
  return (
    <div className="min-h-0 flex-1 space-y-4 overflow-y-auto p-4">
      {loaded.kind === "failed" ? (
        <ProblemNotice problem={loaded.problem} />
      ) : (
        <p className="bg-warn-sunk text-warn rounded-xl px-4 py-3 text-sm">{t("source.gone")}</p>
      )}
      <Quote>{citation.excerpt}</Quote>
    </div>
  );
}

function useLoaded(citation: Citation): Loaded {
  const t = useTexts();
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  useEffect(() => {
    let there = true;
    const show = (value: Loaded) => {
      if (there) setLoaded(value);
    };
    Promise.all([
      get(`/api/v1/documents/${citation.document_id}`, "document", t),
      citedPage(citation, t),
    ])
      .then(([body, page]) => show({ kind: "there", document: parseDocument(body), page }))
      .catch((error: unknown) => {
        const gone = error instanceof ProblemError && [404, 410].includes(error.status);
        show(gone ? { kind: "gone" } : { kind: "failed", problem: problemOf(error, t) });
      });
    return () => {
      there = false;
    };
  }, [citation, t]);
  return loaded;
}

function Loading() {
  const t = useTexts();
  return (
    <p role="status" className="text-soft flex-1 p-4 text-sm">
      {t("source.loading")}
    </p>
  );
}

function Tabs({ view, onView }: { view: string; onView: (view: "text" | "page") => void }) {
  const t = useTexts();
  return (
    <div className="bg-sunk flex flex-none rounded-lg p-0.5 text-sm" role="group">
      {(["text", "page"] as const).map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={view === each}
          className="text-soft aria-pressed:bg-card aria-pressed:text-ink rounded-md px-3 py-1 aria-pressed:shadow-sm"
          onClick={() => onView(each)}
        >
          {each === "text" ? t("source.text") : t("source.page_image")}
        </button>
      ))}
    </div>
  );
}

function PageText({ page, excerpt }: { page: CitedPage; excerpt: string }) {
  const t = useTexts();
  if (page.passage === null) {
    return (
      <div className="space-y-4 p-4">
        <p className="text-soft text-sm">{t("source.unmarked")}</p>
        <Quote>{excerpt}</Quote>
      </div>
    );
  }
  return (
    <div dir="auto" className="p-4 text-sm leading-6 wrap-anywhere whitespace-pre-line">
      <span className="text-soft">{page.before}</span>
      <mark ref={intoView} className="passage">
        {page.passage}
      </mark>
      <span className="text-soft">{page.after}</span>
    </div>
  );
}

function intoView(mark: HTMLElement | null): void {
  mark?.scrollIntoView({ block: "center" });
}

function Quote({ children }: { children: ReactNode }) {
  return (
    <blockquote dir="auto" className="text-sm leading-6 wrap-anywhere whitespace-pre-line">
      <mark className="passage">{children}</mark>
    </blockquote>
  );
}
