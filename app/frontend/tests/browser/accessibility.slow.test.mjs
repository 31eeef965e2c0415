// Every page with axe: light and dark, on a phone and on a wide screen.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import AxeBuilder from "@axe-core/playwright";
import { ask } from "../../scripts/ask.mjs";
import { signIn } from "./sign-in.mjs";
import { SIZES, World } from "./world.mjs";

const PAGES = {
  ask: async () => undefined,
  answer: async (page) => {
    await askFor(page, "Who is the harbour master of Vestmark?", "[data-answer]");
  },
  source: async (page) => {
    await askFor(page, "Who is the harbour master of Vestmark?", "[data-answer]");
    await page.locator("[data-answer-text] .cite").first().click();
    await page.locator("[data-panel] mark").waitFor();
  },
  refusal: async (page) => {
    await askFor(page, "How long should a soft-boiled egg cook?", "[data-refused]");
  },
  documents: async (page) => {
    await page.goto(new URL("/documents", page.url()).href);
    await page.locator("[data-documents]").waitFor();
    await page.getByLabel("Select all").check();
  },
  delete: async (page) => {
    await page.goto(new URL("/documents", page.url()).href);
    await page
      .getByRole("button", { name: /^Delete: / })
      .first()
      .click();
    await page.locator("[data-confirm]").waitFor();
  },
  document: async (page) => {
    await page.goto(new URL("/documents", page.url()).href);
    await page.locator("[data-document] a").first().click();
    await page.locator("[data-passage]").first().waitFor();
  },
  status: async (page) => {
    await page.goto(new URL("/status", page.url()).href);
    await page.locator("[data-running]").waitFor();
  },
  "sign-in": async (page, world) => {
    await page.goto(new URL("/sign-in?error=no-role", world.signedPage.url).href);
    await page.locator("[data-sign-in]").waitFor();
  },
  keys: async (page, world) => {
    await page.goto(new URL("/keys", world.signedPage.url).href);
    await signIn(page, "admin");
    await page.getByLabel("What it is for").fill("import");
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.locator("[data-secret]").waitFor();
    await page.locator("[data-key]").first().waitFor();
  },
  feedback: async (page) => {
    await askFor(page, "Who is the harbour master of Vestmark?", "[data-answer]");
    await page.getByRole("button", { name: "Bad answer" }).click();
    await page.locator("[data-feedback] form").waitFor();
  },
  missing: async (page) => {
    await page.goto(new URL("/nothing", page.url()).href);
  },
};

async function askFor(page, question, wanted) {
  await ask(page, question);
  await page.locator(wanted).waitFor();
}

describe("accessibility", () => {
  const world = new World();
  before(async () => {
    await world.start();
    await world.seed("harbour.md", "lighthouses.pdf", "museum.txt");
  });
  after(() => world.stop());

  for (const size of Object.keys(SIZES)) {
    for (const theme of ["light", "dark"]) {
      for (const [name, open] of Object.entries(PAGES)) {
        it(`${name}, ${theme}, ${size}`, async () => {
          const page = await world.visit(world.page.url, { size, theme });
          try {
            await open(page, world);
            const { violations } = await new AxeBuilder({ page }).analyze();
            const told = violations.map(
              ({ id, help, nodes }) =>
                `${id}: ${help}: ${nodes.map(({ html }) => html).join("; ")}`,
            );
            assert.deepEqual(told, []);
            const overflow = await page.evaluate(
              () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
            );
            assert.equal(overflow, 0, "the page is wider than the screen");
          } finally {
            await page.context().close();
          }
        });
      }
    }
  }
});
