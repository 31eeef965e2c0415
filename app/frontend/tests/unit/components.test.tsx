import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { Turn } from "@/client/conversations";
import MarkdownText from "@/components/ask/markdown-text";
import { TurnView } from "@/components/ask/turn-view";
import { UploadRow } from "@/components/documents/upload-row";
import { splitAnswer } from "@/lib/answer-text";
import { hasAcceptedExtension, savedAs } from "@/lib/formats";
import { checkDocument } from "@/lib/input";
import { ALL_TEXTS } from "@/texts/all";
import { TextsProvider } from "@/texts/client";
import { english } from "@/texts/english";

const CITATION = { document_id: "d1", excerpt: "4 bar", page: 2, version: 1 };
const TURN: Turn = {
  id: "t1",
  question: "Why?",
  answer: "4 bar",
  citations: [CITATION],
  marks: [{ at: 5, number: 1 }],
  names: { d1: "a.pdf" },
  passages: 3,
  state: "answered",
  confidence: null,
  problem: null,
};

function render(children: ReactNode): string {
  return renderToStaticMarkup(
    <TextsProvider language="en" texts={ALL_TEXTS.en}>
      {children}
    </TextsProvider>,
  );
}

describe("an answer on the page", () => {
  const view = (change: Partial<Turn>, markdown = false) =>
    render(
      <TurnView
        turn={{ ...TURN, ...change }}
        prefix=""
        markdown={markdown}
        onSource={() => undefined}
        onAgain={() => undefined}
      />,
    );

  it("shows name, page and excerpt of each source", () => {
    const html = view({});
    expect(html).toContain("a.pdf");
    expect(html).toContain("page 2");
    expect(html).toContain('href="#source-1"');
    expect(html).toContain('id="source-1"');
    expect(html).toContain('aria-label="Source 1: a.pdf, page 2"');
  });

  it("warns of an answer without sources", () => {
    expect(view({ citations: [], marks: [] })).toContain("names no source");
  });

  it("never shows a refusal as an answer", () => {
    const html = view({ state: "refused", answer: "No." });
    expect(html).not.toContain("data-answer");
    expect(html).toContain("Nearest passages");
  });

  it("is not called an answer while it is written, or was stopped", () => {
    for (const state of ["asking", "stopped", "failed"] as const) {
      expect(view({ state })).not.toContain("data-answer=");
    }
    expect(view({ state: "stopped" })).toContain("not complete");
  });

  it("says how sure it is where that is known", () => {
    expect(view({ confidence: 0.82 })).toContain("82% sure");
    expect(view({})).not.toContain("sure");
  });
});

describe("an answer in Markdown", () => {
  const html = (text: string) =>
    renderToStaticMarkup(
      <MarkdownText
        segments={[{ text }, { source: 2 }]}
        link={(number) => <b data-n={number}>{number}</b>}
      />,
    );

  it("is shown as such, with its sources", () => {
    expect(html("**4 bar** ")).toContain('<strong>4 bar</strong> <b data-n="2">2</b>');
  });

  it.each([
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>1</script>)",
    '<a href="https://evil.example" onclick="alert(1)">x</a>',
  ])("brings no script and fetches nothing: %s", (text) => {
    expect(html(text)).not.toMatch(/<script|<img|javascript:|data:text|<[^>]*\son\w+=/i);
  });
});

describe("the sources in an answer", () => {
  it.each([
    ["a [1] b", 1, [{ text: "a " }, { source: 1 }, { text: " b" }]],
    ["[1][2]", 2, [{ source: 1 }, { source: 2 }]],
    ["see [3] and [0]", 2, [{ text: "see [3] and [0]" }]],
    ["", 2, []],
  ])("are found by their markers: %j with %i sources", (answer, sources, segments) => {
    expect(splitAnswer(answer, sources, [])).toEqual(segments);
  });

  it("stand where the backend puts them, in characters and not in units of UTF-16", () => {
    const marks = [
      { at: 8, number: 2 },
      { at: 2, number: 1 },
      { at: 8, number: 3 },
    ];
    expect(splitAnswer("👍👍 bar[1]", 3, marks)).toEqual([
      { text: "👍👍" },
      { source: 1 },
      { text: " bar[1" },
      { source: 2 },
      { source: 3 },
      { text: "]" },
    ]);
  });
});

describe("an upload in the list", () => {
  it("says why it failed", () => {
    const html = render(
      <UploadRow
        entry={{
          key: "k",
          name: "a.pdf",
          size: 1,
          phase: "sent",
          share: 1,
          documentId: "d1",
          jobId: "1f",
          problem: null,
        }}
        job={
          {
            id: "1f",
            state: "failed",
            reason: { detail: "No text.", status: 422, type: "x", title: "x" },
          } as Parameters<typeof UploadRow>[0]["job"]
        }
      />,
    );
    expect(html).toContain("No text.");
    expect(html).toContain("Try again: a.pdf");
    expect(html).not.toContain("<progress");
  });
});

describe("limits", () => {
  it("are written for people", () => {
    expect([0, 1023, 2048, 10 * 1024 * 1024].map(english.bytes)).toEqual([
      "0 bytes",
      "1,023 bytes",
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
    expect(checkDocument(new File(["a"], "old.ppt"), english)).toMatchObject({
      problem: { remedy: "Save the document as PowerPoint (.pptx) and upload it again." },
    });
  });
});
