// The built server when its backend is away, and when it is told to end itself.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BackendStub } from "./backend-stub.mjs";
import { Frontend, Visitor } from "./frontend.mjs";

describe("the page without a backend", () => {
  const frontend = new Frontend();
  let visitor;

  before(async () => {
    const backend = await new BackendStub().start();
    await frontend.start({ BACKEND_URL: backend.url });
    visitor = new Visitor(frontend.url);
    await visitor.open();
    await visitor.open("/documents");
    assert.equal((await (await fetch(`${frontend.url}/api/readyz`)).json()).status, "pass");
    await backend.stop();
  });
  after(() => frontend.stop());

  it("still comes up and says what is wrong", async () => {
    assert.equal((await visitor.open()).status, 200);
    const response = await visitor.open("/documents");
    assert.equal(response.status, 200);
    assert.match(visitor.text, /The backend can't be reached/);
    assert.match(visitor.text, /nothing listens at its address \(ECONNREFUSED\)/);
    assert.match(visitor.text, /What to do:/);
    assert.doesNotMatch(visitor.text, /No documents yet/);
  });

  it("keeps the question that could not be asked", async () => {
    await visitor.submit("ask", { question: "What pressure?" });
    assert.match(visitor.text, /The question got no answer/);
    assert.match(visitor.html, /<textarea[^>]*>\s*What pressure\?<\/textarea>/);
  });

  it("says that an upload did not arrive", async () => {
    await visitor.submit("upload", { file: new File(["4 bar"], "manual.txt") });
    assert.match(visitor.text, /The upload got no answer/);
    assert.doesNotMatch(visitor.html, /data-uploaded/);
  });

  it("stays live and ready, or nobody would see the page, and warns of the cause", async () => {
    assert.equal((await fetch(`${frontend.url}/api/livez`)).status, 200);
    const response = await fetch(`${frontend.url}/api/readyz`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/health+json");
    const told = await response.json();
    assert.equal(told.status, "warn");
    assert.match(told.checks.backend[0].output, /^nothing listens .*ECONNREFUSED/);
    // Where it is, is for operators: everybody can ask this.
    assert.doesNotMatch(JSON.stringify(told), /127\.0\.0\.1/);
    assert.match(frontend.log, /"event":"check_backend".*127\.0\.0\.1:\d+: nothing listens/);
  });
});

describe("a backend that was never reached", () => {
  for (const [name, env, cause] of [
    ["nobody there", { BACKEND_URL: "http://127.0.0.1:61" }, "nothing listens"],
    ["no address", {}, "BACKEND_URL is not set"],
    ["no web address", { BACKEND_URL: "backend:8000" }, "BACKEND_URL is no http or https address"],
  ]) {
    it(`keeps a new pod from becoming ready, and is named: ${name}`, async () => {
      const frontend = await new Frontend().start(env);
      try {
        const response = await fetch(`${frontend.url}/api/readyz`);
        assert.equal(response.status, 503);
        assert.ok((await response.json()).checks.backend[0].output.includes(cause));
      } finally {
        await frontend.stop();
      }
    });
  }
});

describe("the end of the server", () => {
  it("waits for the answer under way and takes no new requests", async () => {
    const backend = await new BackendStub().start();
    const asked = deferred();
    backend.override = async (request) => {
      if (request.url !== "/v1/ask") return false;
      asked.resolve();
      await sleep(1000);
      return false;
    };
    // As behind a load balancer: idle connections are kept for long.
    const env = { BACKEND_URL: backend.url, KEEP_ALIVE_TIMEOUT: "60000" };
    const frontend = await new Frontend().start(env);
    const visitor = new Visitor(frontend.url);
    await visitor.open();
    const answer = visitor.submit("ask", { question: "What pressure?" });
    await asked.promise;
    const code = frontend.stop("SIGTERM");
    await sleep(200);
    await assert.rejects(fetch(`${frontend.url}/api/livez`, { headers: { Connection: "close" } }));
    assert.equal((await answer).status, 200);
    assert.match(visitor.html, /data-answer/);
    const answered = performance.now();
    assert.equal(await code, 143);
    assert.ok(
      performance.now() - answered < 2000,
      "it ends with the answer, not with the idle time",
    );
    await backend.stop();
  });
});

function deferred() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}
