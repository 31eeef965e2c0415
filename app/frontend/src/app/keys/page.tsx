import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { KeyList } from "@/components/keys/key-list";
import { MakeKey } from "@/components/keys/make-key";
import { Paging } from "@/components/keys/paging";
import { PageHeader } from "@/components/ui/page-header";
import { ProblemNotice } from "@/components/ui/problem-notice";
import { loadKeys } from "@/lib/keys";
import { visitor } from "@/lib/me";
import { managesKeys } from "@/lib/roles";
import { getTexts } from "@/texts/server";

interface PageProps {
  searchParams: Promise<{ cursor?: string | string[] }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTexts())("keys.title") };
}

/** API keys of programs, for admins who have signed in. */
export default async function KeysPage({ searchParams }: PageProps) {
  const t = await getTexts();
  const { me } = await visitor();
  if (!managesKeys(me)) notFound();
  const { cursor } = await searchParams;
  const { keys, next, collections, problem } = await loadKeys(
    typeof cursor === "string" ? cursor : undefined,
    t,
  );
  return (
    <div className="mx-auto w-full max-w-5xl space-y-6 px-4 py-8 sm:px-6">
      <PageHeader title={t("keys.title")} lead={t("keys.lead")} />
      <MakeKey collections={collections} />
      {problem && <ProblemNotice problem={problem} />}
      {!problem && <KeyList keys={keys} />}
      {next && <Paging cursor={next} />}
    </div>
  );
}
