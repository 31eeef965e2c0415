import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, backendUrl, getDocument, uploadDocument } from "@/lib/backend";
import { causeOf, toProblem } from "@/lib/problem";
import { english } from "@/texts/english";

let server: Server | undefined;

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("BACKEND_URL", `http://127.0.0.1:${port}`);
}

afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
});

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error,
  );
}

describe("a call to the backend", () => {
  it("carries the request's id and keeps an id inside its path", async () => {
    const seen: (string | string[] | undefined)[] = [];
    await serve((request, response) => {
      seen.push(request.url, request.headers["x-request-id"]);
      response.end(JSON.stringify({ id: "x", status: "ready" }));
    });
    await getDocument("../../admin?x", "r-1");
    expect(seen).toEqual(["/v1/documents/..%2F..%2Fadmin%3Fx", "r-1"]);
  });

  it("waits until an uploaded document is ready, and takes one that is not yet", async () => {
    const seen: (string | string[] | undefined)[] = [];
    await serve((request, response) => {
      seen.push(request.headers["prefer"], request.headers["content-type"]);
      request.resume().on("end", () => {
        response.writeHead(202, { Location: "/v1/jobs/1" });
        response.end(JSON.stringify({ id: "x", status: "processing", pages: 0, job: { id: "1" } }));
      });
    });
    const document = await uploadDocument(new File(["4 bar"], "manual.txt"), "", "r-1");
    expect(document).toMatchObject({ id: "x", status: "processing" });
    expect(seen[0]).toMatch(/^wait=\d+$/);
    expect(seen[1]).toMatch(/^multipart\/form-data; boundary=/);
  });

  it("follows no redirect", async () => {
    await serve((_, response) => response.writeHead(302, { Location: "/elsewhere" }).end());
    expect(await failureOf(ask("why?", "r-1"))).toBeInstanceOf(Error);
  });

  it("shows the backend's own words, and what to do", async () => {
    await serve((_, response) => {
      response.writeHead(503, { "Content-Type": "application/problem+json" });
      response.end(JSON.stringify({ title: "Milvus is down", detail: "Nothing can be searched." }));
    });
    const problem = toProblem(await failureOf(ask("why?", "r-1")), "ask", "r-1", english);
    expect(problem).toMatchObject({ title: "Milvus is down", detail: "Nothing can be searched." });
    expect(problem.remedy).toContain("Try again");
    expect(problem.reference).toBe("r-1");
  });

  it("names the status where the error has no words", async () => {
    await serve((_, response) => response.writeHead(502).end("<html>"));
    const problem = toProblem(await failureOf(ask("why?", "r-1")), "ask", "r-1", english);
    expect(problem.title).toBe("The question failed");
    expect(problem.detail).toContain("502");
  });

  it("calls an answer that is no JSON unreadable, not unreachable", async () => {
    await serve((_, response) => response.end("<html>"));
    const problem = toProblem(await failureOf(ask("why?", "r-1")), "ask", "r-1", english);
    expect(problem.title).toContain("can't be read");
  });
});

describe("the backend's address", () => {
  it.each([
    ["", "BACKEND_URL is not set"],
    ["rag-backend:8000", "BACKEND_URL is no http or https address"],
    ["file:///etc/passwd", "BACKEND_URL is no http or https address"],
  ])("%j is turned down", (value, message) => {
    vi.stubEnv("BACKEND_URL", value);
    expect(() => backendUrl("/livez")).toThrow(message);
  });

  it("may end with a slash", () => {
    vi.stubEnv("BACKEND_URL", "http://rag-backend:8000/");
    expect(backendUrl("/livez").href).toBe("http://rag-backend:8000/livez");
  });
});

describe("the cause of a failure", () => {
  it.each([
    ["ECONNREFUSED", "nothing listens at its address (ECONNREFUSED)"],
    ["EPROTO", "EPROTO"],
  ])("is named for %s", (code, text) => {
    const cause = Object.assign(new Error("low level"), { code });
    expect(causeOf(new TypeError("fetch failed", { cause }), english)).toBe(text);
  });

  it("is the time, where time ran out", () => {
    expect(causeOf(new DOMException("x", "TimeoutError"), english)).toBe(
      "it didn't answer in time",
    );
  });
});
