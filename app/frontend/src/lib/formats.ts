import formats from "./formats.json";

/** The formats that the backend takes; a test of the backend holds that these are its own. */

/** File names that are taken, by their end. */
export const ACCEPTED_EXTENSIONS: readonly string[] = formats.flatMap(
  (format) => format.extensions,
);

/** The usual end of a name for each format. */
export const USUAL_EXTENSIONS: readonly string[] = formats.flatMap((format) =>
  format.extensions.slice(0, 1),
);

/** The formats' names. */
export const FORMAT_NAMES: readonly string[] = formats.map((format) => format.name);

/** Whether a file's name ends like one of these. */
export function hasAcceptedExtension(filename: string): boolean {
  const lower = filename.toLowerCase();
  return ACCEPTED_EXTENSIONS.some((extension) => lower.endsWith(extension));
}

/** The format as which a program saves a file that is not taken: "Word (.docx)" for a .doc. */
export function savedAs(filename: string): string | null {
  const lower = filename.toLowerCase();
  const format = formats.find(({ old }) => old.some((extension) => lower.endsWith(extension)));
  return format ? `${format.name} (${format.extensions[0]})` : null;
}

/** A document's format by its name; its media type where the name says nothing. */
export function formatName(filename: string, contentType: string): string {
  const lower = filename.toLowerCase();
  const format = formats.find(({ extensions }) => extensions.some((end) => lower.endsWith(end)));
  return format?.name ?? contentType.split(";")[0] ?? "";
}
