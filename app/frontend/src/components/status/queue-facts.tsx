import { Fact, Facts } from "@/components/ui/facts";
import type { Queue } from "@/lib/queue";
import { getTexts } from "@/texts/server";

/** How the reading of documents goes. */
export async function QueueFacts({ queue }: { queue: Queue }) {
  const t = await getTexts();
  return (
    <section className="card p-5" aria-labelledby="queue-title" data-queue>
      <h2 id="queue-title" className="mb-3 font-semibold">
        {t("health.queue")}
      </h2>
      <Facts>
        <Fact name={t("health.workers")}>{t.number(queue.workers)}</Fact>
        <Fact name={t("health.queued")}>{t.number(queue.queued)}</Fact>
        <Fact name={t("health.running")}>{t.number(queue.running)}</Fact>
        <Fact name={t("health.oldest")}>{t.duration(queue.oldestSeconds)}</Fact>
      </Facts>
    </section>
  );
}
