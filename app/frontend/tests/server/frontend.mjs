// Runs the built server as production does, and speaks to it like a browser
// without scripts: it reads the HTML, fills the forms and sends them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const SERVER = path.resolve(import.meta.dirname, "../../.next/standalone/server.js");
const START_DEADLINE_MS = 15_000;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export class Frontend {
  log = "";

  async start(env) {
    const port = env.PORT ?? (await freePort());
    this.url = `http://127.0.0.1:${port}`;
    this.process = spawn(process.execPath, [SERVER], {
      env: { PATH: process.env.PATH, PORT: String(port), HOSTNAME: "127.0.0.1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on("data", (chunk) => (this.log += chunk));
    }
    this.exited = once(this.process, "exit");
    await this.#untilAlive();
    return this;
  }

  async #untilAlive() {
    const deadline = Date.now() + START_DEADLINE_MS;
    while (Date.now() < deadline && this.process.exitCode === null) {
      const alive = await fetch(`${this.url}/api/livez`).catch(() => null);
      if (alive?.ok) return;
      await sleep(50);
    }
    this.process.kill("SIGKILL");
    throw new Error(`the frontend did not start; is it built (npm run build)?\n${this.log}`);
  }

  /** Ends the server and gives its exit code. */
  async stop(signal = "SIGTERM") {
    this.process.kill(signal);
    const [code] = await this.exited;
    return code;
  }
}

/** Where each form stands. */
const PAGES = { ask: "/", upload: "/documents", language: "/", theme: "/" };

/** One visitor: keeps cookies and the last page. */
export class Visitor {
  cookies = new Map();
  html = "";

  constructor(url) {
    this.url = url;
  }

  async open(target = "/") {
    return this.#load(await fetch(new URL(target, this.url), { headers: this.#headers() }));
  }

  /** Sends the form `name` of its page with `fields`; follows a redirect by hand. */
  async submit(name, fields, headers = {}) {
    await this.open(PAGES[name]);
    return this.submitOpen(name, fields, headers);
  }

  /** The same, of the page that was opened last. */
  async submitOpen(name, fields, headers = {}) {
    const body = this.form(name);
    for (const [key, value] of Object.entries(fields)) body.set(key, value);
    const response = await fetch(new URL(PAGES[name], this.url), {
      method: "POST",
      headers: { Origin: this.url, ...this.#headers(), ...headers },
      body,
      redirect: "manual",
    });
    return this.#load(response);
  }

  /** The hidden fields that the server put into a form. */
  form(name) {
    const source = new RegExp(`<form[^>]*data-form="${name}".*?</form>`, "s").exec(this.html)?.[0];
    if (!source) throw new Error(`there is no form ${name} in: ${this.html}`);
    const body = new FormData();
    for (const [input] of source.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      const value = /value="([^"]*)"/.exec(input)?.[1] ?? "";
      body.set(/name="([^"]*)"/.exec(input)[1], decode(value));
    }
    return body;
  }

  /** The page's text as read by a person, without markup. */
  get text() {
    const body = this.html.replace(/<(script|style)\b.*?<\/\1>/gs, "").replace(/<!--.*?-->/gs, "");
    return decode(body.replace(/<[^>]+>/g, " ")).replace(/\s+/g, " ");
  }

  #headers() {
    if (this.cookies.size === 0) return {};
    return { Cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
  }

  async #load(response) {
    for (const cookie of response.headers.getSetCookie()) {
      const [name, value] = cookie.split(";")[0].split("=");
      this.cookies.set(name, value);
    }
    this.html = await response.text();
    return response;
  }
}

function decode(text) {
  const names = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'", "#39": "'" };
  return text.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name) => names[name]);
}
