// A sign-in as people do it, in Chromium, at an OpenID provider with a form.
import assert from "node:assert/strict";
import { ask } from "../../scripts/ask.mjs";

/** Signs in by the provider's own page. */
export async function signIn(page, name) {
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByRole("button", { name }).click();
  await page.locator("[data-account]").first().waitFor({ state: "attached" });
}

/** Reads, is refused nothing that is shown, and leaves. */
export async function visitAsReader(world) {
  const page = await world.visit(`${world.signedPage.url}/documents?sort=name`);
  await signIn(page, "reader");
  assert.equal(page.url(), `${world.signedPage.url}/documents?sort=name`);
  assert.match(await page.locator("aside [data-account]").innerText(), /Rea Dear\s+may read/);
  assert.equal(await page.locator('[data-form="upload"]').count(), 0);
  const cookies = await page.context().cookies(world.signedPage.url);
  const session = cookies.find(({ name }) => name === "rag-session");
  assert.ok(session.httpOnly);
  assert.equal(session.sameSite, "Lax");
  assert.doesNotMatch(await page.evaluate(() => document.cookie), /rag-session/);
  await page.getByRole("button", { name: "Sign out" }).first().click();
  // To the provider, which may send people back at once.
  await page.waitForURL((url) => url.origin === world.issuer || url.pathname === "/sign-in");
  await page.goto(world.signedPage.url);
  await page.locator("[data-sign-in]").waitFor();
  return page;
}

/** Has no role, and is told so. */
export async function visitWithoutRole(world) {
  const page = await world.visit(world.signedPage.url);
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "stranger" }).click();
  await page.getByText("Your account has no access here").waitFor();
  return page;
}

/** Makes a key, which works until it is ended. */
export async function visitAsAdmin(world) {
  const page = await world.visit(`${world.signedPage.url}/keys`);
  await signIn(page, "admin");
  const knows = async (key) => {
    const headers = { Authorization: `Bearer ${key}` };
    const response = await fetch(new URL("/v1/me", world.signed), { headers });
    return response.ok ? (await response.json()).role : response.status;
  };
  await page.getByLabel("What it is for").fill("nightly import");
  await page.getByRole("combobox", { name: "Role" }).selectOption("writer");
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.locator("[data-secret] code").innerText();
  assert.equal(await knows(key), "writer");
  await page.locator("[data-key]").waitFor();
  assert.match(await page.locator("[data-key]").innerText(), /nightly import/);
  assert.doesNotMatch(await page.locator("[data-keys]").innerText(), new RegExp(key));
  await page.getByRole("button", { name: "Hide the key" }).click();
  await page.getByRole("button", { name: "End this key: nightly import" }).click();
  await page.locator("[data-confirm]").getByRole("button", { name: "End this key" }).click();
  await page.getByText(/ended \w/).waitFor();
  for (let n = 0; n < 50 && (await knows(key)) !== 401; n += 1) await page.waitForTimeout(100);
  assert.equal(await knows(key), 401);
  return page;
}

/** Brings a document, asks, and says what the answer is worth. */
export async function visitAsWriter(world) {
  const page = await world.visit(`${world.signedPage.url}/documents`);
  await signIn(page, "writer");
  await page.getByRole("combobox", { name: "Collection" }).fill("ports");
  const taken = page.waitForResponse((answer) => answer.request().method() === "POST");
  await page.getByLabel("Add a document").setInputFiles(world.file("harbour.md"));
  assert.equal((await taken).status(), 202);
  // The other collections have documents of the other tests.
  await page.goto(`${world.signedPage.url}/documents?collection=ports`);
  await page.locator('[data-document][data-status="ready"]').waitFor();
  await page.getByRole("link", { name: "harbour.md" }).waitFor();
  await page.goto(world.signedPage.url);
  await ask(page, "Who is the harbour master of Vestmark?");
  assert.match(await page.locator("[data-answer]").innerText(), /Ingrid Solberg/);
  await page.getByRole("button", { name: "Good answer" }).click();
  await page.getByLabel(/right or wrong/).fill("Just what I needed.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("Your feedback was sent").waitFor();
  return page;
}
