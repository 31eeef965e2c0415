// The built server against a backend that keeps the contract; no scripts run.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";
import { BackendStub, sendProblem } from "./backend-stub.mjs";
import { Frontend, Visitor } from "./frontend.mjs";

const MEBIBYTE = 1024 * 1024;
const MANUAL = new File(["# Pump\n\nOperating pressure: 4 bar.\n"], "manual.md");

describe("the page with a backend", () => {
  const backend = new BackendStub();
  const frontend = new Frontend();
  let visitor;

  before(async () => {
    await backend.start();
    await frontend.start({ BACKEND_URL: backend.url });
  });
  after(async () => {
    await frontend.stop();
    await backend.stop();
  });
  beforeEach(async () => {
    backend.reset();
    visitor = new Visitor(frontend.url);
    await visitor.open();
  });

  for (const page of ["/", "/documents", "/status"]) {
    it(`is served whole, from its own origin, with a policy for its scripts: ${page}`, async () => {
      await checkPolicy(page);
    });
  }

  async function checkPolicy(page) {
    const response = await visitor.open(page);
    assert.equal(response.status, 200);
    const policy = response.headers.get("content-security-policy");
    const nonce = /'nonce-([^']+)'/.exec(policy)[1];
    const scripts = [...visitor.html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
    assert.ok(scripts.length > 0);
    for (const tag of scripts) assert.ok(tag.includes(`nonce="${nonce}"`), tag);
    assert.doesNotMatch(policy, /unsafe/);
    assert.doesNotMatch(visitor.html, /(src|href|action)="(https?:)?\/\//);
    assert.doesNotMatch(visitor.html, /<[^>]* style="/);
    assert.ok(!visitor.html.includes(backend.url), "the backend's address is in the page");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("x-frame-options"), "DENY");
    assert.equal(response.headers.get("x-powered-by"), null);
    const again = await visitor.open(page);
    assert.ok(!again.headers.get("content-security-policy").includes(nonce), "nonce used twice");
  }

  it("hands an upload to the backend and lists the document", async () => {
    const response = await visitor.submit("upload", { file: MANUAL });
    assert.equal(response.status, 200);
    assert.match(visitor.text, /“manual\.md” was uploaded/);
    assert.match(visitor.html, /data-status="ready"/);
    assert.equal(backend.uploads.length, 1);
    assert.equal(backend.uploads[0].filename, "manual.md");
    await visitor.open("/documents");
    assert.match(visitor.text, /manual\.md/);
  });

  it("says that a document is still being indexed, or that it failed", async () => {
    backend.status = "processing";
    await visitor.submit("upload", { file: MANUAL });
    assert.match(visitor.html, /data-status="processing"/);
    backend.status = "failed";
    await visitor.open("/documents");
    assert.match(visitor.html, /data-status="failed"/);
  });

  it("brings documents of many megabytes over unharmed", async () => {
    const bytes = randomBytes(10 * MEBIBYTE);
    await visitor.submit("upload", { file: new File([bytes], "big.pdf") });
    assert.equal(backend.uploads[0]?.size, bytes.length, visitor.text);
    assert.equal(backend.uploads[0].sha256, createHash("sha256").update(bytes).digest("hex"));
  });

  it("refuses a document over the limit and says which limit", async () => {
    const file = new File([new Uint8Array(10 * MEBIBYTE + 1)], "huge.pdf");
    await visitor.submit("upload", { file });
    assert.match(visitor.text, /The document is too large/);
    assert.match(visitor.text, /At most 10 MiB/);
    assert.equal(backend.uploads.length, 0);
  });

  it("turns a far too large request back before reading it", async () => {
    const file = new File([new Uint8Array(40 * MEBIBYTE)], "huge.pdf");
    const response = await visitor.submit("upload", { file });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), "/documents?problem=upload-too-large");
    await visitor.open(response.headers.get("location"));
    assert.match(visitor.text, /The document is too large/);
  });

  it("refuses empty uploads and kinds that can't be read", async () => {
    await visitor.submit("upload", { file: new File([], "") });
    assert.match(visitor.text, /No document was chosen/);
    await visitor.submit("upload", { file: new File([], "a.txt") });
    assert.match(visitor.text, /The document is empty/);
    await visitor.submit("upload", { file: new File(["x"], "a.exe") });
    assert.match(visitor.text, /This kind of document can't be read/);
    assert.equal(backend.uploads.length, 0);
  });

  it("shows the backend's own words when it turns an upload down", async () => {
    backend.override = async (request, response) => {
      if (request.method !== "POST") return false;
      request.resume();
      sendProblem(response, 422, "No text in the PDF", "All 3 pages are pictures.");
      return true;
    };
    await visitor.submit("upload", { file: MANUAL });
    assert.match(visitor.text, /No text in the PDF/);
    assert.match(visitor.text, /All 3 pages are pictures/);
    assert.match(visitor.text, /What to do:/);
  });

  it("shows an answer with its numbered sources", async () => {
    await visitor.submit("upload", { file: MANUAL });
    const response = await visitor.submit("ask", { question: "  What pressure?  " });
    assert.equal(response.status, 200);
    assert.deepEqual(backend.questions, ["What pressure?"]);
    assert.match(visitor.html, /data-answer/);
    assert.match(visitor.html, /href="#source-1"/);
    assert.match(visitor.html, /id="source-2"/);
    assert.match(visitor.text, / 1 manual\.md page 2 Operating pressure: 4 bar\./);
    assert.match(visitor.text, / 2 manual\.md Last check: 12 May\./);
    assert.doesNotMatch(visitor.html, /<script>alert/);
    assert.match(visitor.text, /<script>alert\(1\)<\/script>/);
  });

  it("tells a refusal from an answer", async () => {
    await visitor.submit("ask", { question: "How far is the moon?" });
    assert.match(visitor.html, /data-refused/);
    assert.doesNotMatch(visitor.html, /data-answer/);
    assert.match(visitor.text, /The documents don’t answer this/);
    assert.match(visitor.text, /The documents say nothing about that/);
  });

  it("refuses questions without words, of one letter or without end", async () => {
    await visitor.submit("ask", { question: "  " });
    assert.match(visitor.text, /There is no question/);
    await visitor.submit("ask", { question: "x" });
    assert.match(visitor.text, /“x” is too short/);
    await visitor.submit("ask", { question: "x".repeat(2001) });
    assert.match(visitor.text, /The question is too long/);
    assert.deepEqual(backend.questions, []);
  });

  it("does not show what breaks the contract as an answer", async () => {
    backend.override = async (request, response) => {
      if (request.url !== "/v1/ask") return false;
      response.end(JSON.stringify({ answer: "4 bar", citations: [] }));
      return true;
    };
    await visitor.submit("ask", { question: "What pressure?" });
    assert.match(visitor.text, /got an answer that can't be read/);
    assert.doesNotMatch(visitor.html, /data-answer/);
    assert.match(frontend.log, /"event":"ask".*refused is not true or false/);
  });

  it("takes no form from another site", async () => {
    const forged = { Origin: "https://evil.example" };
    const response = await visitor.submit("ask", { question: "What pressure?" }, forged);
    assert.notEqual(response.status, 200);
    assert.deepEqual(backend.questions, []);
  });

  it("speaks the language that the browser asks for, or that was chosen, in the chosen theme", async () => {
    const german = { headers: { "Accept-Language": "de-AT,de;q=0.9" } };
    const html = await (await fetch(`${frontend.url}/documents`, german)).text();
    assert.match(html, /<html lang="de"[^>]*data-theme="system"/);
    assert.match(html, /Noch keine Dokumente/);
    const response = await visitor.submit("language", { language: "ja" });
    assert.match(response.headers.getSetCookie().join(), /language=ja.*HttpOnly/);
    await visitor.submit("theme", { theme: "dark" });
    await visitor.open("/status");
    assert.match(visitor.html, /<html lang="ja"[^>]*data-theme="dark"/);
    await visitor.submit("theme", { theme: "<script>" });
    await visitor.open();
    assert.match(visitor.html, /data-theme="dark"/);
  });

  it("names a page that is not there and the way back", async () => {
    const response = await visitor.open("/nothing");
    assert.equal(response.status, 404);
    assert.match(visitor.text, /There is nothing here/);
  });

  it("is live and ready, and never asks the backend for its liveness", async () => {
    const ready = await fetch(`${frontend.url}/api/readyz`);
    assert.equal(ready.status, 200);
    assert.equal((await ready.json()).checks.backend[0].status, "pass");
    backend.reset();
    assert.equal((await fetch(`${frontend.url}/api/livez`)).status, 200);
    assert.deepEqual(backend.paths, []);
  });

  it("stays ready, and warns why, when the backend hangs or is unwell", async () => {
    backend.override = async (_, response) => {
      response.writeHead(500).end();
      return true;
    };
    const unwell = await fetch(`${frontend.url}/api/readyz`);
    assert.equal(unwell.status, 200);
    const told = await unwell.json();
    assert.equal(told.status, "warn");
    assert.match(told.checks.backend[0].output, /status 500/);
    backend.override = async () => true;
    const started = Date.now();
    const hanging = await fetch(`${frontend.url}/api/readyz`);
    assert.equal(hanging.status, 200);
    assert.match((await hanging.json()).checks.backend[0].output, /within 1000 ms/);
    assert.ok(Date.now() - started < 1800);
  });
});

describe("the page of a name", () => {
  const backend = new BackendStub();
  const frontend = new Frontend();

  before(async () => {
    await backend.start();
    await frontend.start({ BACKEND_URL: backend.url, ALLOWED_HOSTS: "rag.example.com" });
  });
  after(async () => {
    await frontend.stop();
    await backend.stop();
  });

  const statusFor = (host, method = "GET", path = "/") =>
    new Promise((resolve, reject) => {
      const sent = request(new URL(path, frontend.url), { method, headers: { Host: host } });
      sent.on("response", (response) => resolve(response.resume().statusCode));
      sent.on("error", reject);
      sent.end();
    });

  it("is served to it, and to no other", async () => {
    assert.equal(await statusFor("rag.example.com"), 200);
    assert.equal(await statusFor("evil.example"), 421);
    assert.equal(await statusFor("evil.example", "POST"), 421);
    assert.equal(await statusFor("evil.example", "GET", "/api/livez"), 200);
  });
});
