"use client";

import { useEffect, useRef, useState } from "react";
import { problemOf, request } from "@/client/api";
import { drawPage } from "@/client/pdf";
import { ProblemNotice } from "@/components/ui/problem-notice";
import type { Citation } from "@/lib/api/types";
import type { Problem } from "@/lib/problem";
import { useTexts } from "@/texts/client";

interface PdfPageProps {
  citation: Citation;
  name: string;
}

/** A page of a PDF as it looks, with the passage marked. */
export default function PdfPage({ citation, name }: PdfPageProps) {
  const t = useTexts();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [state, setState] = useState<"drawing" | "marked" | "unmarked" | Problem>("drawing");
  useEffect(() => {
    const left = new AbortController();
    const draw = async () => {
      const { current } = canvas;
      if (!current) return;
      const path = `/api/v1/documents/${citation.document_id}/content`;
      const response = await request(path, { signal: left.signal }, "document", t);
      const data = await response.arrayBuffer();
      const width = current.parentElement?.clientWidth ?? 480;
      const { page, excerpt } = citation;
      const found = await drawPage(data, page, excerpt, current, width, left.signal);
      if (found !== null) setState(found ? "marked" : "unmarked");
    };
    draw().catch((error: unknown) => {
      if (!left.signal.aborted) setState(problemOf(error, t));
    });
    return () => left.abort();
  }, [citation, t]);
  return (
    <div className="space-y-3 p-4">
      {typeof state === "object" && <ProblemNotice problem={state} />}
      {state === "drawing" && (
        <p role="status" className="text-soft text-sm">
          {t("source.loading")}
        </p>
      )}
      <canvas
        ref={canvas}
        role="img"
        aria-label={t("source.page_label", { page: citation.page, name })}
        data-pdf={typeof state === "object" ? "failed" : state}
        className="border-line w-full rounded-lg border bg-white"
      />
      {state === "unmarked" && (
        <>
          <p className="text-soft text-sm">{t("source.unmarked")}</p>
          <blockquote className="text-sm wrap-anywhere whitespace-pre-line">
            <mark className="passage">{citation.excerpt}</mark>
          </blockquote>
        </>
      )}
    </div>
  );
}
