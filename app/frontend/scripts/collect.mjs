// Completes what `next build` leaves in .next/standalone: the server expects
// the files for the browser beside itself but they are not put there.
import { cp, rm } from "node:fs/promises";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const from = path.join(root, ".next/static");
const to = path.join(root, ".next/standalone/.next/static");

await rm(to, { recursive: true, force: true });
await cp(from, to, { recursive: true });
