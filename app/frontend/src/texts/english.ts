import { en } from "./en";
import { translator } from "./translator";

/** For what no page shows: programs and operators read it. */
export const english = translator("en", en);
