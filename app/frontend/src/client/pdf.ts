import { getDocument, GlobalWorkerOptions, type PDFPageProxy, Util } from "pdfjs-dist";
import { locate } from "./passage";

GlobalWorkerOptions.workerSrc = new URL(
  "pdfjs-dist/build/pdf.worker.min.mjs",
  import.meta.url,
).toString();

/** Sharper than the screen needs is only slow. */
const MOST_PIXEL_RATIO = 2;
const MARK = "rgb(250 204 21 / 0.42)";

interface Item {
  str: string;
  transform: number[];
  width: number;
  height: number;
}

/**
 * Draws a page of a PDF, and marks an excerpt on it.
 *
 * @param width of the drawing, in CSS pixels
 * @returns whether the excerpt was found; null where `signal` came first
 */
export async function drawPage(
  data: ArrayBuffer,
  number: number,
  excerpt: string,
  canvas: HTMLCanvasElement,
  width: number,
  signal: AbortSignal,
): Promise<boolean | null> {
  // No scripts of the document run, and nothing is compiled: the page's policy forbids both.
  const loading = getDocument({ data, isEvalSupported: false, useWasm: false });
  signal.addEventListener("abort", () => void loading.destroy());
  try {
    const page = await (await loading.promise).getPage(number);
    const scale =
      (width / page.getViewport({ scale: 1 }).width) *
      Math.min(window.devicePixelRatio || 1, MOST_PIXEL_RATIO);
    const viewport = page.getViewport({ scale });
    canvas.width = Math.floor(viewport.width);
    canvas.height = Math.floor(viewport.height);
    await page.render({ canvas, viewport }).promise;
    const found = await mark(page, excerpt, canvas, viewport);
    return signal.aborted ? null : found;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    void loading.destroy();
  }
}

async function mark(
  page: PDFPageProxy,
  excerpt: string,
  canvas: HTMLCanvasElement,
  viewport: ReturnType<PDFPageProxy["getViewport"]>,
): Promise<boolean> {
  const { items } = await page.getTextContent();
  const texts = items.filter((item) => "str" in item) as Item[];
  const found = locate(texts.map((item) => item.str).join(""), excerpt);
  const context = canvas.getContext("2d");
  if (!found || !context) return false;
  const [start, end] = found;
  context.fillStyle = MARK;
  let place = 0;
  for (const { str, transform, width, height } of texts) {
    const from = Math.max(start, place) - place;
    const to = Math.min(end, place + str.length) - place;
    place += str.length;
    if (from >= to || str.trim() === "") continue;
    const [, , , , x = 0, y = 0] = Util.transform(viewport.transform, transform) as number[];
    const wide = width * viewport.scale;
    const high = height * viewport.scale;
    const left = x + (wide * from) / str.length;
    context.fillRect(left, y - high, (wide * (to - from)) / str.length, high * 1.2);
  }
  return true;
}
