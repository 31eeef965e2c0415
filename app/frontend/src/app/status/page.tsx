import type { Metadata } from "next";
import { Parts } from "@/components/status/parts";
import { QueueFacts } from "@/components/status/queue-facts";
import { Running } from "@/components/status/running";
import { Verdict } from "@/components/status/verdict";
import { PageHeader } from "@/components/ui/page-header";
import { ProblemNotice } from "@/components/ui/problem-notice";
import { RefreshEvery } from "@/components/ui/refresh-every";
import { loadStatus } from "@/lib/status";
import { getTexts } from "@/texts/server";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTexts())("health.title") };
}

export default async function StatusPage() {
  const t = await getTexts();
  const { health, version, queue, problem } = await loadStatus(t);
  return (
    <div className="mx-auto w-full max-w-4xl space-y-6 px-4 py-8 sm:px-6">
      <PageHeader title={t("health.title")} lead={t("health.refreshed")} />
      {problem && <ProblemNotice problem={problem} />}
      {health && (
        <>
          <Verdict status={health.status} />
          <Parts health={health} />
        </>
      )}
      {queue && <QueueFacts queue={queue} />}
      <Running version={version} />
      <RefreshEvery seconds={5} />
    </div>
  );
}
