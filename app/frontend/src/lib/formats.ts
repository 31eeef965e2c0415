import formats from "./formats.json";

/** The formats that the backend takes; a test of the backend holds that these are its own. */

/** File names that are taken, by their end. */
export const ACCEPTED_EXTENSIONS: readonly string[] = formats.flatMap(
  (format) => format.extensions,
);

/** The formats for people: "text, Markdown or PDF". */
export const FORMAT_NAMES: string = new Intl.ListFormat("en", { type: "disjunction" })
  .format(formats.map((format) => format.name))
  .replace(/, or /, " or ");

/** Whether a file's name ends like one of these. */
export function hasAcceptedExtension(filename: string): boolean {
  const lower = filename.toLowerCase();
  return ACCEPTED_EXTENSIONS.some((extension) => lower.endsWith(extension));
}
