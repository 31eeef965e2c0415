// Traces of the built server, as a collector gets them, and what the backend is told.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BackendStub } from "./backend-stub.mjs";
import { Frontend, Visitor } from "./frontend.mjs";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const SERVER = 2;

/** Takes OTLP over HTTP; `silent`: it never answers. */
class Collector {
  bodies = [];
  silent = false;

  async start() {
    this.server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      this.bodies.push(Buffer.concat(chunks).toString());
      if (!this.silent) response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
    });
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  spans() {
    return this.bodies
      .flatMap((body) => JSON.parse(body).resourceSpans)
      .flatMap(({ resource, scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, resource }))),
      );
  }

  async first(wanted) {
    for (let i = 0; i < 200; i++) {
      const found = this.spans().find(wanted);
      if (found) return found;
      await sleep(50);
    }
    throw new Error(`no span arrived: ${this.bodies.join("\n")}`);
  }

  serverSpan(trace) {
    return this.first(({ traceId, kind }) => traceId === trace && kind === SERVER);
  }
}

describe("the traces of the page", () => {
  const backend = new BackendStub();
  const collector = new Collector();
  const frontend = new Frontend();
  let told;

  before(async () => {
    await backend.start();
    await collector.start();
    await frontend.start({
      BACKEND_URL: backend.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    });
    backend.override = async (request) => {
      if (request.url === "/v1/ask") told = request.headers.traceparent;
      return false;
    };
  });
  after(async () => {
    await frontend.stop();
    await collector.stop();
    await backend.stop();
  });

  it("go on from the visitor through the server to the backend, without what was asked", async () => {
    const visitor = new Visitor(frontend.url);
    await visitor.open();
    const header = { traceparent: `00-${TRACE}-${PARENT}-01` };
    await visitor.submit("ask", { question: "Where does the quokka sleep?" }, header);
    assert.equal(backend.questions.length, 1);
    const span = await collector.serverSpan(TRACE);
    assert.equal(span.parentSpanId, PARENT);
    const service = span.resource.attributes.find(({ key }) => key === "service.name");
    assert.equal(service.value.stringValue, "rag-frontend");
    const [version, trace, parent, flags] = told.split("-");
    assert.deepEqual([version, trace, flags], ["00", TRACE, "01"]);
    await collector.first(({ traceId, spanId }) => traceId === TRACE && spanId === parent);
    assert.doesNotMatch(collector.bodies.join("\n"), /quokka/);
  });

  it("go through what passes a stream on, too", async () => {
    const trace = TRACE.replace("0af", "2af");
    const response = await fetch(new URL("/api/v1/ask", frontend.url), {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "text/event-stream",
        traceparent: `00-${trace}-${PARENT}-01`,
      },
      body: JSON.stringify({ question: "Where does the quokka sleep?", stream: true }),
    });
    assert.match(await response.text(), /event: done/);
    const [, passed, parent] = told.split("-");
    assert.equal(passed, trace);
    await collector.first(({ traceId, spanId }) => traceId === trace && spanId === parent);
    assert.equal((await collector.serverSpan(trace)).parentSpanId, PARENT);
    assert.doesNotMatch(collector.bodies.join("\n"), /quokka/);
  });

  it("have no query strings", async () => {
    const trace = TRACE.replace("0af", "1af");
    await fetch(new URL("/?problem=quokka", frontend.url), {
      headers: { traceparent: `00-${trace}-${PARENT}-01` },
    });
    await collector.serverSpan(trace);
    assert.doesNotMatch(collector.bodies.join("\n"), /quokka/);
  });

  it("hold up neither answers nor the end where the collector is silent", async () => {
    collector.silent = true;
    const visitor = new Visitor(frontend.url);
    const started = Date.now();
    for (let i = 0; i < 5; i++) assert.equal((await visitor.open()).status, 200);
    assert.ok(Date.now() - started < 60_000);
    const ended = Date.now();
    await frontend.stop();
    assert.ok(Date.now() - ended < 8_000);
    await frontend.start({ BACKEND_URL: backend.url });
  });

  it("are not made without a collector, and the visitor's goes on all the same", async () => {
    collector.bodies.length = 0;
    const visitor = new Visitor(frontend.url);
    await visitor.open();
    const header = { traceparent: `00-${TRACE}-${PARENT}-00` };
    await visitor.submit("ask", { question: "Why?" }, header);
    assert.equal(told, header.traceparent);
    assert.deepEqual(collector.bodies, []);
  });
});
