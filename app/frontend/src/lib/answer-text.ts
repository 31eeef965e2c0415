/** A piece of an answer: plain text, or a reference to one of its sources. */
export type Segment = { text: string } | { source: number };

/** A citation's place: it belongs to what stands before this character. */
export interface Mark {
  at: number;
  number: number;
}

/**
 * Splits an answer at its citations.
 *
 * Where their places are unknown, markers such as "[2]" in the text are them; one that points at no
 * source stays text.
 *
 * @param sources how many sources there are; the first is number 1
 */
export function splitAnswer(answer: string, sources: number, marks: readonly Mark[]): Segment[] {
  return marks.length > 0 ? atMarks(answer, marks) : atMarkers(answer, sources);
}

function atMarks(answer: string, marks: readonly Mark[]): Segment[] {
  const segments: Segment[] = [];
  const characters = [...answer];
  let shown = 0;
  for (const { at, number } of [...marks].sort((a, b) => a.at - b.at)) {
    const text = characters.slice(shown, at).join("");
    if (text) segments.push({ text });
    shown = Math.max(shown, at);
    segments.push({ source: number });
  }
  const rest = characters.slice(shown).join("");
  if (rest) segments.push({ text: rest });
  return segments;
}

function atMarkers(answer: string, sources: number): Segment[] {
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
