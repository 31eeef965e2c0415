/** Limits of what a visitor may send, known to the build, the server and the page. */

export const MEBIBYTE = 1024 * 1024;

/** Largest document, in bytes: as much as the backend takes unless told otherwise. */
export const MAX_UPLOAD_BYTES = 10 * MEBIBYTE;

/** Longest text of a document, in characters: likewise. A PDF shows it only when it is read. */
export const MAX_DOCUMENT_CHARS = 1_500_000;

/** Largest request, in bytes: a document and the multipart frame around it. */
export const MAX_REQUEST_BYTES = MAX_UPLOAD_BYTES + MEBIBYTE;

/** Documents that one process takes in at the same time: they are in its memory meanwhile. */
export const MAX_OPEN_UPLOADS = 12;

/** Largest request, in bytes, that is none of them: a question, in any script, with its frame. */
export const MAX_SMALL_REQUEST_BYTES = 64 * 1024;

/** Shortest and longest question, in characters. */
export const MIN_QUESTION_CHARS = 3;
export const MAX_QUESTION_CHARS = 2000;

/** Longest note on an answer, in characters: the backend's limit. */
export const MAX_NOTE_CHARS = 2000;

/** Earlier turns that go with a follow-up question, and characters of each: the backend's limits. */
export const MAX_TURNS = 20;
export const MAX_TURN_CHARS = 4000;

/** Bytes of the earlier turns together, so that a question is never taken for an upload. */
export const MAX_TURNS_BYTES = 40 * 1024;

/** Documents on a page of the list. */
export const DOCUMENTS_PER_PAGE = 25;

/** Documents that a browser sends at the same time. */
export const PARALLEL_UPLOADS = 3;

/** Jobs that one stream follows. */
export const MAX_FOLLOWED_JOBS = 50;
