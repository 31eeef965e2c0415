/** A piece of an answer: plain text, or a reference to one of its sources. */
export type Segment = { text: string } | { source: number };

/**
 * Splits an answer at its markers, so that "[2]" can lead to the second source.
 *
 * A marker that points at no source stays text.
 *
 * @param sources how many sources there are; the first is number 1
 */
export function splitAnswer(answer: string, sources: number): Segment[] {
  const segments: Segment[] = [];
  let text = "";
  for (const part of answer.split(/(\[\d{1,3}\])/)) {
    const number = /^\[\d+\]$/.test(part) ? Number(part.slice(1, -1)) : 0;
    if (number < 1 || number > sources) {
      text += part;
      continue;
    }
    if (text) segments.push({ text });
    segments.push({ source: number });
    text = "";
  }
  if (text) segments.push({ text });
  return segments;
}
