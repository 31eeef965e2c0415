import { describe, expect, it } from "vitest";
import {
  ContractError,
  parseAnswer,
  parseDocument,
  parseDocumentPage,
  parseProblem,
} from "@/lib/contract";
import { readinessOf } from "@/lib/readiness-of";

const CITATION = { document_id: "d1", excerpt: "4 bar", page: 2, version: 3 };

describe("an answer", () => {
  it("is read with its citations", () => {
    const answer = parseAnswer({ answer: "4 bar", citations: [CITATION], refused: false });
    expect(answer.citations).toEqual([CITATION]);
    expect(answer).not.toHaveProperty("confidence");
  });

  it("is of the first version where the backend names none", () => {
    const citations = [{ ...CITATION, version: undefined }];
    const answer = parseAnswer({ answer: "", citations, refused: false });
    expect(answer.citations[0]?.version).toBe(1);
  });

  it("says how sure it is where the backend does", () => {
    const sure = { answer: "4 bar", citations: [], refused: false, confidence: 0.8 };
    expect(parseAnswer(sure).confidence).toBe(0.8);
  });

  it.each([null, undefined, 0, -1, 1.5, "2"])("has no page where the page is %s", (page) => {
    const citations = [{ ...CITATION, page }];
    const answer = parseAnswer({ answer: "", citations, refused: false });
    expect(answer.citations[0]?.page).toBe(0);
  });

  it.each([
    [null, "answer is not an object"],
    [{ answer: "x", refused: false }, "citations is not a list"],
    [{ answer: "x", citations: [] }, "refused is not true or false"],
    [{ answer: 1, citations: [], refused: false }, "answer is not a text"],
    [{ answer: "x", citations: [{}], refused: false }, "citations[0].document_id"],
  ])("of another shape is turned down: %j", (value, message) => {
    expect(() => parseAnswer(value)).toThrow(ContractError);
    expect(() => parseAnswer(value)).toThrow(message);
  });
});

describe("a document", () => {
  it("is named by its id where the backend gives no name", () => {
    expect(parseDocument({ id: "0f9a4d6e5d2b", status: "ready" }).filename).toBe("#0f9a4d6e");
  });

  it("needs an id and a status", () => {
    expect(() => parseDocument({ id: "d1" })).toThrow("document.status");
    expect(() => parseDocument({ status: "ready" })).toThrow("document.id");
    expect(() => parseDocumentPage({ items: [{ id: "d1" }] })).toThrow("document.status");
    expect(() => parseDocumentPage({})).toThrow("page.items is not a list");
  });

  it("is ready only if the backend says so", () => {
    expect(["ready", "processing", "failed", "deleting", "new"].map(readinessOf)).toEqual([
      "ready",
      "processing",
      "failed",
      "deleting",
      "processing",
    ]);
  });
});

describe("an error body", () => {
  it.each([null, "<html>", [], { title: "" }, { title: 5 }])("may be anything: %j", (value) => {
    expect(parseProblem(value)).toEqual({
      type: null,
      title: null,
      detail: null,
      dependency: null,
      request_id: null,
    });
  });
});
