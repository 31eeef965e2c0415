// A small HTTP server that keeps the backend's contract, for tests of the built
// frontend. What it was sent and what it answers are in plain sight of the test.
import { createServer } from "node:http";
import { once } from "node:events";
import { createHash } from "node:crypto";

const DOCUMENT_ID = "0f9a4d6e-5d2b-4c55-9a1e-6b1f0c7a9e21";

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
    Object.assign(this, { uploads: [], questions: [], paths: [], status: "ready" });
    this.override = async () => false;
  }

  async #answer(request, response) {
    this.paths.push(`${request.method} ${request.url}`);
    if (await this.override(request, response)) return;
    if (request.url === "/livez") return send(response, 200, { status: "pass" });
    if (request.method === "POST" && request.url === "/v1/documents") {
      this.uploads.push(await readUpload(request));
      return send(response, 201, this.#document());
    }
    if (request.method === "GET" && request.url === `/v1/documents/${DOCUMENT_ID}`) {
      return send(response, 200, this.#document());
    }
    if (request.method === "POST" && request.url === "/v1/ask") {
      const { question } = JSON.parse(await readBody(request));
      this.questions.push(question);
      return send(response, 200, /moon/.test(question) ? REFUSAL : ANSWER);
    }
    sendProblem(response, 404, "Not found", `There is no ${request.url}.`);
  }

  #document() {
    const filename = this.uploads.at(-1)?.filename ?? "manual.md";
    return { id: DOCUMENT_ID, status: this.status, filename, pages: 3 };
  }
}
