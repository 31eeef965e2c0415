// The built server with requests that no page of it sends: their senders are told, with a 4xx.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, describe, it } from "node:test";
import { BackendStub } from "./backend-stub.mjs";
import { Frontend, Visitor } from "./frontend.mjs";

const MEBIBYTE = 1024 * 1024;
const FORM = { "Content-Type": "multipart/form-data; boundary=x" };
const CHUNKED = { ...FORM, "Transfer-Encoding": "chunked" };

describe("requests that no page sends", () => {
  const backend = new BackendStub();
  const frontend = new Frontend();

  before(async () => {
    await backend.start();
    await frontend.start({ BACKEND_URL: backend.url });
  });
  after(async () => {
    await frontend.stop();
    await backend.stop();
  });

  /** Sends pieces of a body; gives the status and the text of the answer. */
  async function send(headers, pieces = [], method = "POST", path = "/") {
    const sent = request(new URL(path, frontend.url), { method, headers });
    sent.on("error", () => {});
    const answered = once(sent, "response", { signal: AbortSignal.timeout(10_000) });
    for (const piece of pieces) sent.write(piece);
    sent.end();
    const [response] = await answered;
    response.setEncoding("utf8");
    return { status: response.statusCode, text: (await response.toArray()).join("") };
  }

  it("is refused with a 413 when its chunks are more than a document may be", async () => {
    const { status, text } = await send(CHUNKED, Array(15).fill(Buffer.alloc(MEBIBYTE)));
    assert.equal(status, 413, text);
    assert.match(text, /At most 10 MiB can be uploaded at once/);
  });

  it("is refused while it still sends", async () => {
    const endless = request(frontend.url, { method: "POST", headers: CHUNKED });
    endless.on("error", () => {});
    const answered = once(endless, "response", { signal: AbortSignal.timeout(10_000) });
    endless.write(Buffer.alloc(12 * MEBIBYTE));
    const [response] = await answered;
    assert.equal(response.statusCode, 413);
    endless.destroy();
  });

  it("is taken in chunks like in one piece when it is small enough", async () => {
    const visitor = new Visitor(frontend.url);
    await visitor.open("/documents");
    const form = visitor.form("upload");
    form.set("file", new File([new Uint8Array(3 * MEBIBYTE)], "chunks.txt"));
    const whole = new Response(form);
    const body = Buffer.from(await whole.arrayBuffer());
    const headers = {
      "Content-Type": whole.headers.get("content-type"),
      "Transfer-Encoding": "chunked",
      Origin: frontend.url,
    };
    const halves = [body.subarray(0, MEBIBYTE), body.subarray(MEBIBYTE)];
    const { status, text } = await send(headers, halves, "POST", "/documents");
    assert.equal(status, 200, text);
    assert.equal(backend.uploads.at(-1).filename, "chunks.txt");
    assert.equal(backend.uploads.at(-1).size, 3 * MEBIBYTE);
  });

  for (const [name, headers, body] of [
    ["nothing", FORM, ""],
    ["no form at all", FORM, "garbage"],
    ["no boundary", { "Content-Type": "multipart/form-data" }, "garbage"],
    ["a form without an end", FORM, '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb'],
  ]) {
    it(`is told that its form can't be read: ${name}`, async () => {
      const { status, text } = await send(headers, body ? [body] : []);
      assert.equal(status, 400, text);
      assert.match(text, /The form can't be read/);
    });
  }

  for (const headers of [
    { Origin: "http://evil.example" },
    { Origin: "null" },
    { Origin: "no address" },
    { "Sec-Fetch-Site": "cross-site" },
  ]) {
    it(`is refused as another site's: ${JSON.stringify(headers)}`, async () => {
      assert.equal((await send({ ...FORM, ...headers }, ["--x--\r\n"])).status, 403);
    });
  }

  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
    it(`is refused by its method: ${method}`, async () => {
      assert.equal((await send({}, [], method)).status, 405);
    });
  }
});
