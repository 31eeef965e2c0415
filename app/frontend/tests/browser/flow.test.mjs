// What people do, in Chromium, with the real backend.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { ask as askOn } from "../../scripts/ask.mjs";
import { visitAsAdmin, visitAsReader, visitAsWriter, visitWithoutRole } from "./sign-in.mjs";
import { World } from "./world.mjs";

const QUESTION = "Who is the harbour master of Vestmark?";

describe("in a browser", () => {
  const world = new World();
  let page;

  before(() => world.start());
  after(() => world.stop());
  afterEach(async () => {
    const complaints = page?.complaints ?? [];
    await page?.context().close();
    page = undefined;
    assert.deepEqual(complaints, []);
  });

  const ask = (question) => askOn(page, question);

  it("who has no documents is told so, and brings several by one choice, with what became of each", async () => {
    page = await world.visit(world.page.url);
    await page.getByText("There are no documents yet").waitFor();
    await page.getByRole("link", { name: "Upload documents" }).click();
    const names = ["harbour.md", "lighthouses.pdf", "museum.txt", "scan.pdf"];
    await page.getByLabel("Add a document").setInputFiles(names.map((name) => world.file(name)));
    const row = (name) => page.locator(`[data-upload="${name}"]`);
    for (const name of names.slice(0, 3)) {
      await page.locator(`[data-upload="${name}"][data-phase="ready"]`).waitFor();
    }
    await page.locator('[data-upload="scan.pdf"][data-phase="failed"]').waitFor();
    assert.match(await row("scan.pdf").innerText(), /is it a scan/);
    await page.getByText("3 of 4 ready · 1 failed").waitFor();
    await page.locator('[data-document][data-status="failed"]').waitFor();
    assert.equal(await page.locator('[data-document][data-status="ready"]').count(), 3);
    assert.match(await page.locator("[data-documents]").innerText(), /PDF · 3 pages · English/);
    assert.match(await page.locator("[data-documents]").innerText(), /German/);
    await row("scan.pdf").getByRole("button", { name: "Try again" }).click();
    await page.locator('[data-upload="scan.pdf"]:not([data-phase="failed"])').waitFor();
    await page.locator('[data-upload="scan.pdf"][data-phase="failed"]').waitFor();
  });

  it("a file that is dropped is uploaded; one that can't be read is refused at once", async () => {
    page = await world.visit(`${world.page.url}/documents`);
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["The ferry leaves at nine."], "ferry.txt"));
      transfer.items.add(new File(["x"], "program.exe"));
      return transfer;
    });
    await page.dispatchEvent('[data-form="upload"]', "drop", { dataTransfer: data });
    await page.locator('[data-upload="ferry.txt"][data-phase="ready"]').waitFor();
    const refused = page.locator('[data-upload="program.exe"]');
    assert.match(await refused.innerText(), /can't be read/);
  });

  it("a question is answered with a source that opens where it stands, and a further one knows the first", async () => {
    page = await world.visit(world.page.url);
    await ask(QUESTION);
    const answer = page.locator("[data-answer]");
    await answer.waitFor();
    assert.match(await answer.innerText(), /Ingrid Solberg/);
    await answer.locator("[data-answer-text] .cite").first().click();
    const panel = page.locator("[data-panel]");
    await panel.locator("mark").waitFor();
    assert.match(await panel.locator("mark").innerText(), /harbour master of Vestmark is Ingrid/);
    assert.match(await panel.innerText(), /harbour\.md/);
    assert.match(await panel.innerText(), /channel 12/);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    await ask("When is her office open?");
    await page.locator("[data-answer] >> nth=1").waitFor();
    assert.match(await page.locator("[data-answer] >> nth=1").innerText(), /7:30 to 16:00/);
  });

  it("a source in a PDF opens as the page, with the passage marked", async () => {
    page = await world.visit(world.page.url);
    await ask("How high is the lighthouse of Carrick Head?");
    await page.locator("[data-answer] [data-source] button").first().click();
    const panel = page.locator("[data-panel]");
    await panel.locator("mark").waitFor();
    await panel.getByRole("button", { name: "Page", exact: true }).click();
    const drawing = panel.locator('[data-pdf="marked"]');
    await drawing.waitFor();
    const yellow = await drawing.evaluate((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] > 200 && data[at + 1] > 180 && data[at + 2] < 170) found += 1;
      }
      return found;
    });
    assert.ok(yellow > 500, `${yellow} marked pixels`);
  });

  it("what the documents don't say is refused, and kept apart from answers", async () => {
    page = await world.visit(world.page.url);
    await ask("How long should a soft-boiled egg cook at high altitude?");
    await page.locator("[data-refused]").waitFor();
    assert.equal(await page.locator("[data-answer]").count(), 0);
  });

  it("conversations stay in the browser, and can be opened again and deleted", async () => {
    page = await world.visit(world.page.url);
    await ask(QUESTION);
    await page.locator("[data-answer]").waitFor();
    await page.reload();
    assert.match(await page.locator("[data-answer]").innerText(), /Ingrid Solberg/);
    await page.getByRole("link", { name: "New conversation" }).first().click();
    await page.locator("[data-answer]").waitFor({ state: "detached" });
    await page.getByRole("link", { name: QUESTION }).click();
    await page.locator("[data-answer]").waitFor();
    await page.getByRole("button", { name: "Delete all" }).first().click();
    await page.locator("[data-confirm]").getByRole("button", { name: "Delete all" }).click();
    await page.locator("[data-answer]").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => localStorage.getItem("conversations")), null);
  });

  it("an answer comes piece by piece, can be stopped, and is asked for again", async () => {
    page = await world.visit(world.modelPage.url);
    await ask(QUESTION);
    await page.locator('[data-turn="asking"] [data-answer-text]').waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator("[data-stopped]").waitFor();
    await page.getByRole("button", { name: "Ask again" }).click();
    const answer = page.locator("[data-answer]");
    await answer.waitFor();
    // Markdown of the model, with the numbers of the sources within.
    assert.equal(await answer.locator("strong").innerText(), "Ingrid Solberg");
    assert.equal(await answer.locator("li").first().innerText(), "on working days");
    assert.ok((await answer.locator("[data-answer-text] .cite").count()) >= 1);
  });

  it("the list is searched, filtered and ordered, and documents are read again and deleted", async () => {
    page = await world.visit(`${world.page.url}/documents`);
    const rows = page.locator("[data-document]");
    await page.getByRole("searchbox").fill("light");
    await page.keyboard.press("Enter");
    await page.waitForURL(/name=light/);
    await page.locator("tbody tr:only-child").waitFor();
    assert.match(await rows.innerText(), /lighthouses\.pdf/);
    await page.getByRole("button", { name: "Read again: lighthouses.pdf" }).click();
    await page.getByText("1 document will be read again").waitFor();
    await page.goto(`${world.page.url}/documents?sort=name`);
    assert.match(await rows.first().innerText(), /ferry\.txt/);
    await page.getByRole("combobox", { name: /^Status/ }).selectOption("failed");
    await page.waitForURL(/status=failed/);
    await page.locator("tbody tr:only-child").waitFor();
    await page.getByLabel("Select all").check();
    await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
    await page.locator("[data-confirm]").getByRole("button", { name: "Delete" }).click();
    await page.locator("[data-empty]").waitFor();
    assert.match(await page.locator("[data-empty]").innerText(), /No document fits/);
  });

  it("the status names every part, the workers, and what is running", async () => {
    page = await world.visit(`${world.page.url}/status`);
    for (const part of ["postgres", "milvus", "worker:heartbeat"]) {
      assert.equal(await page.locator(`[data-part="${part}"]`).count(), 1, part);
    }
    assert.match(await page.locator("[data-queue]").innerText(), /Workers\s+1/);
    assert.match(await page.locator("[data-running]").innerText(), /1\.2\.3/);
  });

  it("who has not signed in is asked to, reads, and signs out of both", async () => {
    page = await visitAsReader(world);
  });

  it("who has no role is told so", async () => {
    page = await visitWithoutRole(world);
  });

  it("an admin makes a key for a program, and ends it", async () => {
    page = await visitAsAdmin(world);
  });

  it("who may write brings documents and asks, with a session and no key", async () => {
    page = await visitAsWriter(world);
  });

  it("language and theme are chosen, and stay", async () => {
    page = await world.visit(world.page.url, { locale: "fr-FR" });
    await page.getByRole("heading", { name: "Que voulez-vous savoir ?" }).waitFor();
    await page.getByRole("combobox", { name: "Langue" }).selectOption("ja");
    await page.getByRole("heading", { name: "何を知りたいですか？" }).waitFor();
    await page.getByRole("button", { name: "ダーク" }).click();
    await page.locator('html[data-theme="dark"]').waitFor();
    await page.reload();
    assert.equal(await page.locator("html").getAttribute("lang"), "ja");
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background, "rgb(18, 19, 21)");
  });
});
