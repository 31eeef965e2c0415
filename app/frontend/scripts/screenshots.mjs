// Pictures of every page, of a real backend with real documents, for docs/images.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { ask } from "./ask.mjs";
import { World } from "../tests/browser/world.mjs";

const TARGET = path.resolve(import.meta.dirname, "../../../docs/images");
const QUESTION = "Who is the harbour master of Vestmark?";

async function askFor(page, question, wanted) {
  await ask(page, question);
  await page.locator(wanted).last().waitFor();
}

const SHOTS = {
  "ask-empty": async () => undefined,
  "ask-answer": async (page) => {
    await askFor(page, QUESTION, "[data-answer]");
    await askFor(page, "When is her office open?", "[data-answer] >> nth=1");
  },
  "ask-source": async (page) => {
    await askFor(page, "How high is the lighthouse of Carrick Head?", "[data-answer]");
    await page.locator("[data-answer-text] .cite").first().click();
    await page.locator("[data-panel] mark").waitFor();
    await page.getByRole("button", { name: "Page", exact: true }).click();
    await page.locator('[data-pdf="marked"]').waitFor();
  },
  "ask-refusal": async (page) => {
    await askFor(
      page,
      "How long should a soft-boiled egg cook at high altitude?",
      "[data-refused]",
    );
  },
  documents: async (page, world) => {
    await page.goto(`${world.page.url}/documents`);
    const files = ["scan.pdf", "harbour.md"].map((name) => world.file(name));
    await page.getByLabel("Add a document").setInputFiles(files);
    await page.locator('[data-upload="scan.pdf"][data-phase="failed"]').waitFor();
    await page.locator('[data-document][data-status="failed"]').waitFor();
  },
  document: async (page, world) => {
    await page.goto(`${world.page.url}/documents?name=lighthouses`);
    await page.locator("[data-document] a").first().click();
    await page.locator("[data-passage]").first().waitFor();
  },
  status: async (page, world) => {
    await page.goto(`${world.page.url}/status`);
    await page.locator("[data-running]").waitFor();
  },
};

const VIEWS = [
  { size: "wide", theme: "light", names: Object.keys(SHOTS) },
  { size: "wide", theme: "dark", names: ["ask-answer", "documents"] },
  { size: "phone", theme: "light", names: ["ask-answer", "documents"] },
];

const world = new World();
try {
  await world.start();
  await world.seed("harbour.md", "lighthouses.pdf", "museum.txt");
  await mkdir(TARGET, { recursive: true });
  for (const { size, theme, names } of VIEWS) {
    for (const name of names) {
      const page = await world.visit(world.page.url, { size, theme });
      await SHOTS[name](page, world);
      await page.waitForLoadState("networkidle");
      const suffix =
        size === "wide" && theme === "light" ? "" : `-${size === "wide" ? theme : size}`;
      await page.screenshot({ path: path.join(TARGET, `frontend-${name}${suffix}.png`) });
      await page.context().close();
    }
  }
} finally {
  await world.stop();
}
