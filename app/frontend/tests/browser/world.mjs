// What tests in a browser need: the real backend, the built frontend before it, and Chromium.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { FLAGS } from "../../scripts/chromium.mjs";
import { Frontend } from "../server/frontend.mjs";

const HERE = import.meta.dirname;
const PYTHON = path.resolve(HERE, "../../../backend/.venv/bin/python");
/** How long a page may take for anything: a crowded machine is slow. */
const PATIENCE_MS = 120_000;

export const SIZES = {
  phone: { width: 390, height: 844 },
  wide: { width: 1280, height: 800 },
};

export class World {
  /** Starts everything. */
  async start() {
    this.backends = spawn(PYTHON, [path.join(HERE, "world.py")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: this.backends.stdout });
    const [line] = await Promise.race([
      once(lines, "line"),
      once(this.backends, "exit").then(([code]) => {
        throw new Error(`the backend's servers ended with ${code}`);
      }),
    ]);
    Object.assign(this, JSON.parse(line));
    this.page = await new Frontend().start({ BACKEND_URL: this.backend, APP_VERSION: "1.2.3" });
    this.modelPage = await new Frontend().start({ BACKEND_URL: this.model });
    this.signedPage = await new Frontend().start({
      BACKEND_URL: this.signed,
      AUTH: "oidc",
      PORT: this.signedPort,
    });
    this.profile = await mkdtemp(path.join(tmpdir(), "browser-profile-"));
    this.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: FLAGS,
    });
    return this;
  }

  /** Ends everything. */
  async stop() {
    await this.browser?.close();
    await this.page?.stop();
    await this.modelPage?.stop();
    await this.signedPage?.stop();
    this.backends.stdin.end();
    if (this.backends.exitCode === null) await once(this.backends, "exit");
    if (this.profile) await rm(this.profile, { recursive: true, force: true });
  }

  /** A browser of its own, in English unless told otherwise; it notes what the page does wrong. */
  async visit(url, { size = "wide", theme = "light", ...more } = {}) {
    const context = await this.browser.newContext({
      viewport: SIZES[size],
      colorScheme: theme,
      locale: "en-US",
      reducedMotion: "reduce",
      ...more,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.complaints = watch(page, new URL(url).origin, [this.issuer]);
    await page.goto(url);
    return page;
  }

  /** The path of a document that can be uploaded. */
  file(name) {
    return path.join(this.files, name);
  }

  /** Uploads documents without the page, and waits until they are ready. */
  async seed(...names) {
    const { readFile } = await import("node:fs/promises");
    for (const name of names) {
      const body = new FormData();
      body.set("file", new File([await readFile(this.file(name))], name));
      const init = { method: "POST", headers: { Prefer: "wait=60" }, body };
      const response = await fetch(new URL("/v1/documents", this.backend), init);
      if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
    }
  }
}

/**
 * A page must run without an error, without breaking its policy, and call its own origin only, but
 * for where people are sent to.
 */
function watch(page, own, known) {
  const complaints = [];
  page.on("console", (message) => {
    // What another server's page lacks is not ours.
    const place = message.location().url;
    if (URL.canParse(place) && new URL(place).origin !== own) return;
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const target = new URL(request.url());
    if (request.isNavigationRequest() && known.includes(target.origin)) return;
    if (known.includes(new URL(page.url()).origin)) return;
    if (target.protocol.startsWith("http") && target.origin !== new URL(page.url()).origin) {
      if (page.url() !== "about:blank") complaints.push(`another origin: ${target}`);
    }
  });
  return complaints;
}
