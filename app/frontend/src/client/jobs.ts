import type { Job } from "@/lib/api/types";
import { MAX_FOLLOWED_JOBS } from "@/lib/limits";
import { Store } from "./store";

/** Jobs that this page follows, all by one connection. */

/** The last that was heard of each job, by id. */
export const jobs = new Store<ReadonlyMap<string, Job>>(new Map());

/** Ids of jobs that may still change. */
const open = new Set<string>();
/** Milliseconds after which a refused connection is tried again; of others, the browser does it. */
const RETRY_MS = 5000;
/** Milliseconds in which further jobs are awaited before a connection is made. */
const PAUSE_MS = 150;

let source: EventSource | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
const whenEnded = new Set<() => void>();

export function hasEnded(job: Job): boolean {
  return job.state !== "queued" && job.state !== "running";
}

/** Takes in a job as the backend told it, and follows it until it ends. */
export function follow(job: Job): void {
  note(job);
  if (hasEnded(job) || open.has(job.id)) return;
  open.add(job.id);
  connectSoon();
}

/** Calls back whenever a job has ended; gives what takes that back. */
export function onEnded(listener: () => void): () => void {
  whenEnded.add(listener);
  return () => whenEnded.delete(listener);
}

function note(job: Job): void {
  const old = jobs.value.get(job.id);
  if (old && old.updated_at > job.updated_at) return;
  jobs.set(new Map(jobs.value).set(job.id, job));
}

function connectSoon(milliseconds = PAUSE_MS): void {
  clearTimeout(timer);
  timer = setTimeout(connect, milliseconds);
}

function connect(): void {
  source?.close();
  source = null;
  const ids = [...open].slice(0, MAX_FOLLOWED_JOBS);
  if (ids.length === 0) return;
  const made = new EventSource(`/api/jobs/events?ids=${ids.join(",")}`);
  made.addEventListener("job", (event) => heard(JSON.parse(event.data) as Job));
  made.addEventListener("gone", (event) => left((JSON.parse(event.data) as { id: string }).id));
  // The next ones may be waiting; and a closed source doesn't come again by itself.
  made.addEventListener("end", connect);
  made.addEventListener("error", () => {
    if (made.readyState === EventSource.CLOSED) connectSoon(RETRY_MS);
  });
  source = made;
}

function heard(job: Job): void {
  note(job);
  if (hasEnded(job)) left(job.id);
}

function left(id: string): void {
  open.delete(id);
  for (const listener of whenEnded) listener();
}
