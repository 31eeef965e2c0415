// The built server with more uploads than it takes in at once.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BackendStub } from "./backend-stub.mjs";
import { Frontend, Visitor } from "./frontend.mjs";

const MEBIBYTE = 1024 * 1024;
const OPEN = 12;

describe("uploads that are held open at their last byte", () => {
  const backend = new BackendStub();
  const frontend = new Frontend();
  const held = [];

  before(async () => {
    await backend.start();
    await frontend.start({ BACKEND_URL: backend.url });
    for (let n = 0; n < OPEN; n += 1) held.push(await hold(frontend.url));
    await sleep(200);
  });
  after(async () => {
    for (const each of held) each.destroy();
    await frontend.stop();
    await backend.stop();
  });

  it("keep out a further one, at once, and whatever it says of its length", async () => {
    for (const chunked of [false, true]) {
      const more = await hold(frontend.url, chunked);
      const [response] = await once(more, "response", { signal: AbortSignal.timeout(5000) });
      assert.equal(response.statusCode, 503);
      assert.equal(response.headers["retry-after"], "10");
      response.setEncoding("utf8");
      assert.match((await response.toArray()).join(""), /Too many documents are on their way/);
      more.destroy();
    }
    assert.equal(backend.uploads.length, 0);
  });

  it("keep nobody from the page, a question or a probe", async () => {
    const visitor = new Visitor(frontend.url);
    assert.equal((await visitor.open()).status, 200);
    assert.equal((await visitor.submit("ask", { question: "What pressure?" })).status, 200);
    assert.match(visitor.html, /data-answer/);
    assert.equal((await fetch(`${frontend.url}/api/livez`)).status, 200);
  });

  it("leave their place to the next when they end", async () => {
    held.pop().destroy();
    const visitor = new Visitor(frontend.url);
    await visitor.open();
    await sleep(200);
    await visitor.submit("upload", { file: new File([new Uint8Array(MEBIBYTE)], "late.txt") });
    assert.match(visitor.text, /“late\.txt” was uploaded/);
    // Its own place is free again, too.
    await visitor.submit("upload", { file: new File([new Uint8Array(MEBIBYTE)], "later.txt") });
    assert.match(visitor.text, /“later\.txt” was uploaded/);
  });
});

/** An upload of a mebibyte that never sends its last byte. */
async function hold(url, chunked = false) {
  const upload = request(url, {
    method: "POST",
    headers: {
      "Content-Type": "multipart/form-data; boundary=x",
      ...(chunked ? { "Transfer-Encoding": "chunked" } : { "Content-Length": MEBIBYTE }),
    },
  });
  upload.on("error", () => {});
  upload.write(Buffer.alloc(MEBIBYTE - 1));
  await once(upload, "socket");
  return upload;
}
