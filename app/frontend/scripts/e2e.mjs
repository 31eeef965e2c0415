// Drives a real browser through the page: uploads a document, asks a question
// and waits for an answer with sources. Exits with 1, naming the step and what
// the page showed, if that doesn't appear.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { FLAGS } from "./chromium.mjs";

const USAGE = `usage: node scripts/e2e.mjs URL --document FILE --question TEXT [options]

  --screenshot FILE     picture of the whole page (PNG)
  --expect TEXT         text that the answer or a source must hold
  --refused             expect the question to be refused
  --color-scheme NAME   light (default) or dark
  --timeout SECONDS     for each step (default 120)
  --browser FILE        default: $CHROMIUM or /usr/bin/chromium`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      document: { type: "string" },
      question: { type: "string" },
      screenshot: { type: "string" },
      expect: { type: "string" },
      refused: { type: "boolean", default: false },
      "color-scheme": { type: "string", default: "light" },
      timeout: { type: "string", default: "120" },
      browser: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" },
    },
  });
  const [url] = positionals;
  if (!url || positionals.length > 1 || !values.question) throw new Error(USAGE);
  return { ...values, url, timeoutMs: Number(values.timeout) * 1000 };
}

/** Runs one step and says how long it took; a failure names the step. */
async function step(name, work) {
  const started = performance.now();
  try {
    const result = await work();
    console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    throw new Error(`${name} failed: ${error.message}`, { cause: error });
  }
}

/** Waits for `wanted`; gives up at once when the page shows a problem instead. */
async function waitFor(page, wanted, unwanted, timeoutMs) {
  const bad = page.locator(unwanted).first();
  await page.locator(wanted).first().or(bad).first().waitFor({ timeout: timeoutMs });
  if (await bad.isVisible()) throw new Error(`the page says: ${await bad.innerText()}`);
}

async function upload(page, url, document, timeoutMs) {
  await page.goto(new URL("/documents", url).href, { timeout: timeoutMs });
  await page.getByLabel("Add a document").setInputFiles(document);
  await waitFor(page, '[data-phase="ready"]', '[data-phase="failed"]', timeoutMs);
}

async function askQuestion(page, { url, question, refused, expect, timeoutMs }) {
  await page.goto(url, { timeout: timeoutMs });
  await page.getByRole("textbox", { name: "Your question" }).fill(question);
  await page.getByRole("button", { name: "Ask" }).click();
  const [wanted, other] = refused
    ? ["[data-refused]", "[data-answer]"]
    : ["[data-answer] [data-source]", "[data-refused]"];
  const problem = "[data-conversation] [data-problem]";
  await waitFor(page, wanted, `${problem}, ${other}, [data-no-sources]`, timeoutMs);
  const text = await page.locator("[data-answer], [data-refused]").innerText();
  if (expect && !text.includes(expect)) throw new Error(`“${expect}” is not in: ${text}`);
  return text;
}

/** The page must hold to its own origin and run without an error in its console. */
function watch(page, url) {
  const complaints = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("request", (request) => {
    const target = request.url();
    if (!target.startsWith("data:") && new URL(target).origin !== origin) {
      complaints.push(`request to another origin: ${target}`);
    }
  });
  return complaints;
}

async function visit(page, options) {
  const complaints = watch(page, options.url);
  await step("open", () => page.goto(options.url, { timeout: options.timeoutMs }));
  if (options.document) {
    await step("upload", () => upload(page, options.url, options.document, options.timeoutMs));
  }
  const text = await step("ask", () => askQuestion(page, options));
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  return text;
}

async function main() {
  const options = readArguments();
  const profile = await mkdtemp(path.join(tmpdir(), "e2e-profile-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: options.browser,
    headless: true,
    args: FLAGS,
    colorScheme: options["color-scheme"],
    locale: "en-US",
    viewport: { width: 1200, height: 800 },
  });
  try {
    const [page] = browser.pages();
    try {
      console.log(`\n${await visit(page, options)}`);
    } finally {
      if (options.screenshot) await page.screenshot({ path: options.screenshot, fullPage: true });
    }
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
