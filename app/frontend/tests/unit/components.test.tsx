import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { AnswerView } from "@/components/answer-view";
import { DocumentList } from "@/components/document-list";
import { splitAnswer } from "@/lib/answer-text";
import type { RagDocument } from "@/lib/contract";
import { parseIds } from "@/lib/documents";
import { hasAcceptedExtension, savedAs } from "@/lib/formats";
import { checkDocument } from "@/lib/input";
import { formatBytes, MAX_LISTED_DOCUMENTS } from "@/lib/limits";

const CITATION = { documentId: "d1", excerpt: "4 bar", page: 2 };

describe("an answer on the page", () => {
  const view = (answer: Parameters<typeof AnswerView>[0]["answer"]) =>
    renderToStaticMarkup(<AnswerView question="Why?" answer={answer} names={{ d1: "a.pdf" }} />);

  it("shows name, page and excerpt of each source", () => {
    const html = view({ answer: "4 bar [1]", citations: [CITATION], refused: false });
    expect(html).toContain("a.pdf");
    expect(html).toContain("page 2");
    expect(html).toContain('href="#source-1"');
    expect(html).toContain('id="source-1"');
  });

  it("warns of an answer without sources", () => {
    const html = view({ answer: "4 bar", citations: [], refused: false });
    expect(html).toContain("names no source");
  });

  it("never shows a refusal as an answer", () => {
    const html = view({ answer: "No.", citations: [CITATION], refused: true });
    expect(html).not.toContain("data-answer");
    expect(html).toContain("Nearest passages");
  });
});

describe("the markers in an answer", () => {
  it.each([
    ["a [1] b", 1, [{ text: "a " }, { source: 1 }, { text: " b" }]],
    ["[1][2]", 2, [{ source: 1 }, { source: 2 }]],
    ["see [3] and [0]", 2, [{ text: "see [3] and [0]" }]],
    ["", 2, []],
  ])("are found: %j with %i sources", (answer, sources, segments) => {
    expect(splitAnswer(answer, sources)).toEqual(segments);
  });
});

describe("the list of documents", () => {
  const document: RagDocument = {
    id: "d1",
    filename: "a.pdf",
    status: "failed",
    error: "No text.",
    pages: 1,
    chunks: 0,
  };

  it("shows why one failed and what to do", () => {
    const html = renderToStaticMarkup(<DocumentList documents={[document]} incomplete={false} />);
    expect(html).toContain("No text.");
    expect(html).toContain("upload it");
  });

  it("does not call itself empty where it could not be read", () => {
    const html = (incomplete: boolean) =>
      renderToStaticMarkup(<DocumentList documents={[]} incomplete={incomplete} />);
    expect(html(false)).toContain("Nothing was uploaded");
    expect(html(true)).toBe("");
  });

  it("takes nothing but ids from the cookie, each once, and not too many", () => {
    expect(parseIds("a.b.a.<x>.../..")).toEqual(["a", "b"]);
    expect(parseIds(undefined)).toEqual([]);
    const many = Array.from({ length: 50 }, (_, index) => `d${index}`).join(".");
    expect(parseIds(many)).toHaveLength(MAX_LISTED_DOCUMENTS);
  });
});

describe("limits", () => {
  it("are written for people", () => {
    expect([0, 1023, 2048, 10 * 1024 * 1024].map(formatBytes)).toEqual([
      "0 bytes",
      "1023 bytes",
      "2 KiB",
      "10 MiB",
    ]);
  });

  it("take documents by the end of their name", () => {
    const taken = ["A.PDF", "a.md", "a.docx", "a.xlsx", "a.eml", ".txt"];
    expect(taken.filter((name) => !hasAcceptedExtension(name))).toEqual([]);
    expect(["a.pdf.exe", "pdf", "a.doc"].filter(hasAcceptedExtension)).toEqual([]);
  });

  it("tell as what a program saves a document that is not taken", () => {
    expect(["A.DOC", "a.ods", "a.exe"].map(savedAs)).toEqual([
      "Word (.docx)",
      "Excel (.xlsx)",
      null,
    ]);
    expect(checkDocument(new File(["a"], "old.ppt"))).toMatchObject({
      problem: { remedy: "Save the document as PowerPoint (.pptx) and upload it again." },
    });
  });
});
