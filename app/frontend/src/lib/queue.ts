/** How the reading of documents goes, out of the backend's metrics (Prometheus' text format). */
export interface Queue {
  workers: number;
  queued: number;
  running: number;
  /** Seconds that the oldest job has waited; 0 where none waits. */
  oldestSeconds: number;
}

/** Null where the backend doesn't tell it. */
export function parseQueue(metrics: string): Queue | null {
  const value = (series: string) => {
    const line = metrics.split("\n").find((each) => each.startsWith(`${series} `));
    const number = Number(line?.slice(series.length + 1).trim());
    return line && Number.isFinite(number) ? number : null;
  };
  const workers = value("rag_queue_workers");
  if (workers === null) return null;
  return {
    workers,
    queued: value('rag_queue_jobs{state="queued"}') ?? 0,
    running: value('rag_queue_jobs{state="running"}') ?? 0,
    oldestSeconds: value("rag_queue_oldest_age_seconds") ?? 0,
  };
}
