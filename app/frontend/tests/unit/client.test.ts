import { beforeEach, describe, expect, it, vi } from "vitest";
import { all, change, clear, keep, messagesOf, remove, type Turn } from "@/client/conversations";
import { around, locate } from "@/client/passage";
import { after } from "@/client/use-asking";
import { backendQuery, listHref, listView } from "@/lib/list-query";
import { parseQueue } from "@/lib/queue";

const TURN: Turn = {
  id: "t1",
  question: "What pressure?",
  answer: "4 bar",
  citations: [],
  marks: [],
  names: {},
  passages: null,
  state: "answered",
  confidence: null,
  problem: null,
};

const PASSAGE = { id: "p", ordinal: 0, page: 1, heading: "", start_char: 0, end_char: 0 };

describe("conversations", () => {
  const stored = new Map<string, string>();
  let room = 1_000_000;

  beforeEach(() => {
    stored.clear();
    room = 1_000_000;
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => stored.get(key) ?? null,
      removeItem: (key: string) => stored.delete(key),
      setItem: (key: string, value: string) => {
        if (value.length > room) throw new DOMException("full", "QuotaExceededError");
        stored.set(key, value);
      },
    });
    clear();
  });

  it("are the newest first, named by their first question, and can be deleted", () => {
    change("a", () => [TURN]);
    change("b", () => [{ ...TURN, question: "Why?" }]);
    change("a", (turns) => [...turns, { ...TURN, id: "t2", question: "And then?" }]);
    expect(all().map(({ id, title }) => [id, title])).toEqual([
      ["a", "What pressure?"],
      ["b", "Why?"],
    ]);
    remove("a");
    expect(all().map(({ id }) => id)).toEqual(["b"]);
  });

  it("give way from the oldest where there is no room", () => {
    for (const id of ["a", "b", "c"]) change(id, () => [{ ...TURN, answer: id.repeat(300) }]);
    room = 1200;
    keep();
    expect(JSON.parse(stored.get("conversations") ?? "[]")).toHaveLength(2);
    for (const id of ["a", "b", "c"]) remove(id);
    expect(stored.size).toBe(0);
  });
});

describe("the earlier turns of a follow-up question", () => {
  it("are those that were answered, oldest first, within the backend's limits", () => {
    const failed: Turn = { ...TURN, state: "failed" };
    const long: Turn = { ...TURN, answer: "x".repeat(9000) };
    const messages = messagesOf([TURN, failed, long]);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(messages[3]?.content).toHaveLength(4000);
    expect(messagesOf(Array(30).fill(TURN))).toHaveLength(20);
    const heavy = messagesOf(Array(10).fill({ ...TURN, answer: "語".repeat(4000) }));
    expect(new TextEncoder().encode(JSON.stringify(heavy)).length).toBeLessThan(42_000);
    expect(heavy.length).toBeGreaterThan(0);
  });
});

describe("an answer as it comes to be", () => {
  it("gathers sources, text and citations, and ends as the backend says", () => {
    const citation = { document_id: "d1", excerpt: "4 bar", page: 2, version: 1 };
    const source = { chunk_id: "c", document_id: "d1", filename: "a.pdf", page: 2, heading: "" };
    let turn: Turn = { ...TURN, answer: "", state: "asking" };
    turn = after(turn, { kind: "sources", sources: [source] });
    turn = after(turn, { kind: "delta", text: "4 " });
    turn = after(turn, { kind: "delta", text: "bar" });
    turn = after(turn, { kind: "citation", number: 1, at: 5, citation });
    expect(turn).toMatchObject({
      answer: "4 bar",
      names: { d1: "a.pdf" },
      passages: 1,
      citations: [citation],
      marks: [{ at: 5, number: 1 }],
      state: "asking",
    });
    const answer = { answer: "No.", citations: [], refused: true };
    expect(after(turn, { kind: "done", answer })).toMatchObject({
      state: "refused",
      answer: "No.",
    });
  });
});

describe("a passage", () => {
  it("is found whatever blanks and breaks there are", () => {
    const text = "The pump\n  needs 4\u00a0bar. Next.";
    const [start, end] = locate(text, "pump needs 4 bar.") ?? [0, 0];
    expect(text.slice(start, end)).toBe("pump\n  needs 4\u00a0bar.");
    expect(locate(text, "5 bar")).toBeNull();
    expect(locate(text, " ")).toBeNull();
  });

  it("is found where it goes over two chunks, and what they share is there once", () => {
    const page = "One two three four five six";
    const chunk = (start: number, end: number) => ({
      ...PASSAGE,
      text: page.slice(start, end),
      start_char: start,
      end_char: end,
    });
    const found = around([chunk(0, 13), chunk(8, 27)], "two three four");
    expect(found).toMatchObject({ before: "One ", passage: "two three four", after: " five six" });
    expect(around([chunk(0, 13)], "seven").passage).toBeNull();
  });
});

describe("the address of the list", () => {
  it("says what is shown, and nothing that makes no sense", () => {
    const view = listView({
      name: " pump ",
      status: "ready",
      sort: "up",
      cursor: "c",
      type: "PDF",
      language: "de",
      collection: "../x",
    });
    expect(view).toEqual({
      name: "pump",
      collection: "",
      status: "ready",
      sort: "-created",
      cursor: "c",
      type: "PDF",
      language: "de",
    });
    expect(listView({ status: "x", name: ["a", "b"] })).toMatchObject({ status: "", name: "" });
    expect(listHref(view, { sort: "name" })).toBe(
      "/documents?name=pump&status=ready&type=PDF&language=de&sort=name",
    );
    expect(listHref(listView({}), {})).toBe("/documents");
    expect(backendQuery(listView({}))).toEqual({ sort: "-created", limit: 25 });
  });
});

describe("the queue", () => {
  it("is read out of the metrics, or is unknown", () => {
    const metrics = `# HELP rag_queue_workers x
rag_queue_workers 2.0
rag_queue_jobs{state="queued"} 7.0
rag_queue_jobs{state="running"} 2.0
rag_queue_oldest_age_seconds 12.5
`;
    expect(parseQueue(metrics)).toEqual({
      workers: 2,
      queued: 7,
      running: 2,
      oldestSeconds: 12.5,
    });
    expect(parseQueue("nothing")).toBeNull();
  });
});
