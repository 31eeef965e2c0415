// A small HTTP server that keeps the backend's contract, for tests of the built
// frontend. What it was sent and what it answers are in plain sight of the test.
import { createServer } from "node:http";
import { once } from "node:events";
import { createHash } from "node:crypto";

const DOCUMENT_ID = "0f9a4d6e5d2b4c559a1e6b1f0c7a9e21";
const JOB_ID = "5d1f0c9be34a4c0e9d3b1a7f6e2c8d40";

const ANSWER = {
  answer: "The pump needs 4 bar [1]. It was last checked in May [2]. <script>alert(1)</script>",
  citations: [
    { document_id: DOCUMENT_ID, excerpt: "Operating pressure: 4 bar.", page: 2 },
    { document_id: DOCUMENT_ID, excerpt: "Last check: 12 May.", page: null },
  ],
  refused: false,
};
const REFUSAL = { answer: "The documents say nothing about that.", citations: [], refused: true };

function send(response, status, body, type = "application/json") {
  response.writeHead(status, { "Content-Type": type }).end(JSON.stringify(body));
}

export function sendProblem(response, status, title, detail) {
  const body = { type: "about:blank", status, title, detail };
  send(response, status, body, "application/problem+json");
}

function eventText([event, data]) {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function sendEvents(response, events) {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.end(events.map(eventText).join(""));
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readUpload(request) {
  const headers = { "Content-Type": request.headers["content-type"] };
  const form = await new Response(await readBody(request), { headers }).formData();
  const file = form.get("file");
  const bytes = Buffer.from(await file.arrayBuffer());
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { filename: file.name, size: bytes.length, sha256 };
}

export class BackendStub {
  uploads = [];
  questions = [];
  paths = [];
  /** The state in which the uploaded document is reported. */
  status = "ready";
  /** Requests that were left before their end: `POST /v1/ask`. */
  left = [];
  /** Takes a request's answering over: (request, response) => Promise<boolean>. */
  override = async () => false;

  async start() {
    this.server = createServer((request, response) => void this.#answer(request, response));
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

  /** Back to the state after start(). */
  reset() {
    Object.assign(this, { uploads: [], questions: [], paths: [], left: [], status: "ready" });
    this.override = async () => false;
  }

  async #answer(request, response) {
    this.paths.push(`${request.method} ${request.url}`);
    if (await this.override(request, response)) return;
    response.once("close", () => {
      if (!response.writableFinished) this.left.push(`${request.method} ${request.url}`);
    });
    const handle = this.#routes[`${request.method} ${request.url.split("?")[0]}`];
    if (handle) return handle(request, response);
    sendProblem(response, 404, "Not found", `There is no ${request.url}.`);
  }

  #routes = {
    "GET /livez": (_, response) => send(response, 200, { status: "pass" }),
    "POST /v1/documents": async (request, response) => {
      this.uploads.push(await readUpload(request));
      send(response, 201, this.#document());
    },
    "GET /v1/documents": (_, response) => {
      const items = this.uploads.length > 0 ? [this.#document()] : [];
      send(response, 200, { items, next_cursor: null });
    },
    [`GET /v1/documents/${DOCUMENT_ID}`]: (_, response) => send(response, 200, this.#document()),
    "GET /v1/jobs": (_, response) => send(response, 200, { items: [], next_cursor: null }),
    [`GET /v1/jobs/${JOB_ID}/events`]: (_, response) => {
      const states = ["queued", "succeeded"];
      sendEvents(
        response,
        states.map((state) => ["job", { id: JOB_ID, state }]),
      );
    },
    "POST /v1/ask": async (request, response) => {
      const { question, stream } = JSON.parse(await readBody(request));
      this.questions.push(question);
      if (stream) return this.#tell(request, response);
      send(response, 200, /moon/.test(question) ? REFUSAL : ANSWER);
    },
  };

  /** The answer as events; to "Wait?" they never end. */
  #tell(request, response) {
    const delta = ["delta", { text: "The pump needs 4 bar." }];
    if (this.questions.at(-1) === "Wait?") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      return response.write(eventText(delta));
    }
    const citation = { number: 1, at: 21, citation: ANSWER.citations[0] };
    return sendEvents(response, [delta, ["citation", citation], ["done", ANSWER]]);
  }

  #document() {
    const filename = this.uploads.at(-1)?.filename ?? "manual.md";
    return { id: DOCUMENT_ID, status: this.status, filename, pages: 3 };
  }
}
