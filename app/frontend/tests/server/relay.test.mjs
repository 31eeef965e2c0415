// The built server between a browser's scripts and the backend: what passes, and what ends.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BackendStub, sendProblem } from "./backend-stub.mjs";
import { Frontend } from "./frontend.mjs";

const JOB = "5d1f0c9be34a4c0e9d3b1a7f6e2c8d40";

describe("the way to the backend", () => {
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
  beforeEach(() => backend.reset());

  const ask = (question, init = {}) =>
    fetch(`${frontend.url}/api/v1/ask`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({ question, stream: true }),
      ...init,
    });

  it("brings an answer as it is written, and asks nobody to keep it", async () => {
    const response = await ask("What pressure?");
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /^text\/event-stream/);
    assert.match(response.headers.get("cache-control"), /no-store/);
    const text = await response.text();
    assert.match(text, /^event: delta\ndata: .*\n\nevent: citation\n/);
    assert.match(text, /event: done\n/);
  });

  it("shows the first piece while the answer is not at its end, and ends the work of who leaves", async () => {
    const left = new AbortController();
    const response = await ask("Wait?", { signal: left.signal });
    const { value } = await response.body.getReader().read();
    assert.match(new TextDecoder().decode(value), /The pump needs 4 bar/);
    assert.deepEqual(backend.left, []);
    left.abort();
    for (let n = 0; n < 50 && backend.left.length === 0; n += 1) await sleep(50);
    assert.deepEqual(backend.left, ["POST /v1/ask"]);
  });

  it("says that the backend can't be reached, and not where it is", async () => {
    backend.override = async (incoming) => incoming.socket.destroy() && true;
    const response = await ask("What pressure?");
    assert.equal(response.status, 502);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const told = await response.json();
    assert.equal(told.type, "urn:rag:problem:unreachable");
    assert.ok(told.request_id);
    assert.doesNotMatch(JSON.stringify(told), /127\.0\.0\.1/);
  });

  it("brings the backend's problems, with the time after which to try again", async () => {
    backend.override = async (_, response) => {
      response.setHeader("Retry-After", "7");
      sendProblem(response, 503, "Busy", "Too many questions.");
      return true;
    };
    const response = await ask("What pressure?");
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "7");
    assert.equal((await response.json()).detail, "Too many questions.");
  });

  it("takes a file, whose length the backend is told", async () => {
    const lengths = [];
    backend.override = async (incoming) => {
      lengths.push(Number(incoming.headers["content-length"]));
      return false;
    };
    const body = new FormData();
    body.set("file", new File([new Uint8Array(300_000)], "a.pdf"));
    const response = await fetch(`${frontend.url}/api/v1/documents`, { method: "POST", body });
    assert.equal(response.status, 201);
    assert.equal(backend.uploads[0].size, 300_000);
    assert.ok(lengths[0] > 300_000);
  });

  for (const [method, path] of [
    ["GET", "/api/v1/models"],
    ["POST", "/api/v1/chat/completions"],
    ["GET", "/api/v1/documents/..%2f..%2fmetrics"],
    ["GET", "/api/v1/documents/zz"],
    ["GET", "/api/v1/ask"],
    ["GET", "/api/v1/jobs/1f/events"],
  ]) {
    it(`does not hand on what no page asks for: ${method} ${path}`, async () => {
      const response = await fetch(`${frontend.url}${path}`, { method });
      assert.equal(response.status, 404);
      assert.deepEqual(backend.paths, []);
    });
  }

  it("is closed to other sites and other names", async () => {
    const forged = { "Content-Type": "application/json", Origin: "https://evil.example" };
    assert.equal((await ask("What pressure?", { headers: forged })).status, 403);
    const named = await new Promise((resolve) => {
      const headers = { Host: "evil.example" };
      const url = new URL("/api/v1/documents", frontend.url);
      request(url, { headers }, (response) => resolve(response.resume().statusCode)).end();
    });
    assert.equal(named, 421);
    assert.deepEqual(backend.paths, []);
  });

  it("follows several jobs by one stream, and says which are not there", async () => {
    const response = await fetch(`${frontend.url}/api/jobs/events?ids=${JOB},1f`);
    assert.match(response.headers.get("content-type"), /^text\/event-stream/);
    const text = await response.text();
    assert.match(text, /event: job\ndata: .*"queued"/);
    assert.match(text, /event: job\ndata: .*"succeeded"/);
    assert.match(text, /event: gone\ndata: {"id":"1f"}/);
    assert.match(text, /event: end\n/);
  });

  it("ends without saying so where the backend breaks off, so that browsers come again", async () => {
    backend.override = async (_, response) => response.writeHead(500).end() && true;
    const response = await fetch(`${frontend.url}/api/jobs/events?ids=${JOB}`);
    assert.doesNotMatch(await response.text(), /event: end/);
  });

  for (const ids of [
    "",
    "x",
    "../1f",
    Array(51)
      .fill(0)
      .map((_, n) => `${n + 10}`)
      .join(","),
  ]) {
    it(`follows no jobs by such ids: ${ids.slice(0, 20)}`, async () => {
      const response = await fetch(`${frontend.url}/api/jobs/events?ids=${ids}`);
      assert.equal(response.status, 422);
    });
  }
});

describe("the end of the server", () => {
  it("does not wait for those who follow jobs", async () => {
    const backend = await new BackendStub().start();
    backend.override = async (incoming, response) => {
      if (!incoming.url.endsWith("/events")) return false;
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      return response.write('event: job\ndata: {"id":"1f","state":"queued"}\n\n');
    };
    const frontend = await new Frontend().start({ BACKEND_URL: backend.url });
    const response = await fetch(`${frontend.url}/api/jobs/events?ids=1f`);
    const reading = response.text().catch(() => "");
    await sleep(300);
    const began = performance.now();
    assert.equal(await frontend.stop("SIGTERM"), 143);
    assert.ok(performance.now() - began < 3000);
    assert.doesNotMatch(await reading, /event: end/);
    await backend.stop();
  });
});
