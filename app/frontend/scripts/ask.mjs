const PAUSE_MS = 100;
const TRIES = 600;

/** Writes a question into the page and sends it, as soon as the page's script takes the key. */
export async function ask(page, question) {
  const field = page.locator("#question");
  for (let n = 0; n < TRIES; n += 1) {
    await field.fill(question);
    await page.keyboard.press("Enter");
    await page.waitForTimeout(PAUSE_MS);
    // A page that has just come may not listen yet: then the key was a new line.
    if ((await field.inputValue()).trim() !== question) return;
  }
  throw new Error("the page did not take the question");
}
