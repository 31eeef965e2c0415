// The built server where people sign in: what it hands to the backend of whom, and what strangers see.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { BackendStub, sendProblem } from "./backend-stub.mjs";
import { Frontend, Visitor } from "./frontend.mjs";

const JOB = "5d1f0c9be34a4c0e9d3b1a7f6e2c8d40";
const SESSION = "__Host-rag-session=abc";
const ME = { auth: "oidc", id: "user-1", name: "Ada", tenant: "default", collections: null };

describe("where people sign in", () => {
  const backend = new BackendStub();
  const frontend = new Frontend();
  let seen;
  let role;

  before(async () => {
    await backend.start();
    // A key that was left behind is nobody's.
    await frontend.start({ BACKEND_URL: backend.url, AUTH: "oidc", API_KEY: "the platform's" });
  });
  after(async () => {
    await frontend.stop();
    await backend.stop();
  });
  beforeEach(() => {
    backend.reset();
    seen = [];
    role = "reader";
    backend.override = async (request, response) => {
      seen.push({ path: request.url, ...request.headers });
      if (request.url !== "/v1/me") return false;
      if (!request.headers.cookie) sendProblem(response, 401, "Unauthorized", "Sign in.");
      else response.writeHead(200).end(JSON.stringify({ ...ME, role }));
      return true;
    };
  });

  const send = (path, init = {}) =>
    fetch(`${frontend.url}${path}`, { redirect: "manual", ...init });
  const signedIn = () => {
    const visitor = new Visitor(frontend.url);
    visitor.cookies.set("__Host-rag-session", "abc");
    visitor.cookies.set("language", "en");
    return visitor;
  };

  it("hands the session on and nothing else: no other cookie, and never a key", async () => {
    const cookie = `language=en; ${SESSION}; other=secret; x__Host-rag-session=z`;
    const headers = { cookie, authorization: "Bearer mine", origin: frontend.url };
    await send("/api/v1/documents", { headers });
    await send("/api/v1/ask", {
      method: "POST",
      headers: { ...headers, "sec-fetch-site": "same-origin", "content-type": "application/json" },
      body: JSON.stringify({ question: "What pressure?" }),
    });
    await (await send(`/api/jobs/events?ids=${JOB}`, { headers })).text();
    await signedIn().open("/documents");
    assert.ok(seen.length >= 5);
    for (const request of seen) {
      assert.equal(request.authorization, undefined, request.path);
      assert.equal(request.cookie, SESSION, request.path);
    }
    const asked = seen.find(({ path }) => path === "/v1/ask");
    assert.equal(asked.origin, frontend.url);
    assert.equal(asked["sec-fetch-site"], "same-origin");
  });

  it("sends a stranger no key either, and shows the sign-in that leads back to the page", async () => {
    const visitor = new Visitor(frontend.url);
    const response = await visitor.open("/documents?status=failed");
    assert.equal(response.status, 200);
    const next = encodeURIComponent("/documents?status=failed");
    assert.ok(visitor.html.includes(`href="/api/v1/auth/login?next=${next}"`));
    assert.doesNotMatch(visitor.html, /data-form="upload"/);
    for (const request of seen) assert.equal(request.authorization, undefined, request.path);
  });

  it("says why a sign-in failed, and nothing that a stranger wrote", async () => {
    const visitor = new Visitor(frontend.url);
    await visitor.open("/sign-in?error=no-role");
    assert.match(visitor.text, /Your account has no access here/);
    assert.match(visitor.html, /href="\/api\/v1\/auth\/login\?next=%2F"/);
    await visitor.open("/sign-in?error=Call+0900");
    assert.doesNotMatch(visitor.text, /0900/);
  });

  it("shows who is signed in, and what they may do alone", async () => {
    const visitor = signedIn();
    await visitor.open("/documents");
    assert.match(visitor.text, /Ada may read/);
    assert.doesNotMatch(visitor.html, /data-form="upload"/);
    assert.doesNotMatch(visitor.html, /data-open/);
    role = "writer";
    await visitor.open("/documents");
    assert.match(visitor.text, /may read and write/);
    assert.match(visitor.html, /data-form="upload"/);
  });

  it("hands the sign-in on, with its cookies, and sends the browser where the backend says", async () => {
    backend.override = async (request, response) => {
      seen.push({ path: request.url, ...request.headers });
      const cookies = ["__Host-rag-session=new; Path=/; Secure", "__Host-rag-signin=s; Path=/"];
      response.writeHead(303, { Location: "https://issuer.example/a", "Set-Cookie": cookies });
      return response.end();
    };
    const cookie = `${SESSION}; __Host-rag-signin=s; other=secret`;
    const response = await send("/api/v1/auth/callback?code=1&state=2", { headers: { cookie } });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), "https://issuer.example/a");
    assert.equal(response.headers.getSetCookie().length, 2);
    assert.match(response.headers.get("cache-control"), /no-store/);
    assert.equal(seen[0].path, "/v1/auth/callback?code=1&state=2");
    assert.equal(seen[0].cookie, `${SESSION}; __Host-rag-signin=s`);
  });

  it("takes cookies of the sign-in alone from the backend", async () => {
    backend.override = async (_, response) =>
      response
        .writeHead(200, { "Set-Cookie": "a=b", "Content-Type": "application/json" })
        .end("{}");
    const response = await send("/api/v1/documents", { headers: { cookie: SESSION } });
    assert.deepEqual(response.headers.getSetCookie(), []);
  });

  for (const [method, path] of [
    ["POST", "/api/v1/auth/login"],
    ["GET", "/api/v1/auth/logout"],
    ["GET", "/api/v1/auth/other"],
  ]) {
    it(`does not hand on what the sign-in lacks: ${method} ${path}`, async () => {
      assert.equal((await send(path, { method })).status, 404);
      assert.deepEqual(seen, []);
    });
  }

  it("ends no session for another site", async () => {
    const headers = { cookie: SESSION, origin: "https://evil.example" };
    assert.equal((await send("/api/v1/auth/logout", { method: "POST", headers })).status, 403);
    assert.deepEqual(seen, []);
  });

  it("says so where the backend is away", async () => {
    backend.override = async (request) => request.socket.destroy() && true;
    const response = await send("/api/v1/auth/login?next=/");
    assert.equal(response.headers.get("location"), "/sign-in?error=unavailable");
  });
});

describe("where nobody signs in", () => {
  const backend = new BackendStub();
  const frontend = new Frontend();
  let auth = "none";

  before(async () => {
    await backend.start();
    backend.override = async (request, response) =>
      request.url === "/v1/me" &&
      response.end(JSON.stringify({ ...ME, auth, role: "admin", name: "anonymous" }));
    await frontend.start({ BACKEND_URL: backend.url });
  });
  after(async () => {
    await frontend.stop();
    await backend.stop();
  });

  it("the page says that everybody may do everything", async () => {
    const visitor = new Visitor(frontend.url);
    await visitor.open("/documents");
    assert.match(visitor.text, /Open access: nobody is asked to sign in/);
    auth = "keys";
    await visitor.open("/documents");
    assert.doesNotMatch(visitor.text, /Open access/);
  });

  it("there is no sign-in", async () => {
    const options = { redirect: "manual" };
    assert.equal((await fetch(`${frontend.url}/api/v1/auth/login`, options)).status, 404);
    assert.equal((await fetch(`${frontend.url}/sign-in`)).status, 404);
  });
});
