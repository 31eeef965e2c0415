import { FileText, SearchX } from "lucide-react";
import Link from "next/link";
import { visitor } from "@/lib/me";
import { may } from "@/lib/roles";
import { getTexts } from "@/texts/server";

/** Instead of a list without rows: there is nothing at all, or nothing that fits. */
export async function EmptyList({ filtered }: { filtered: boolean }) {
  const t = await getTexts();
  const { me } = await visitor();
  const Icon = filtered ? SearchX : FileText;
  return (
    <div className="py-12 text-center" data-empty>
      <Icon className="text-soft mx-auto size-8" strokeWidth={1.5} aria-hidden="true" />
      <p className="mt-3 font-semibold">{t(filtered ? "documents.nothing" : "documents.empty")}</p>
      {(filtered || may(me, "writer")) && (
        <p className="text-soft mt-1 text-sm">
          {t(filtered ? "documents.nothing.advice" : "documents.empty.advice")}
        </p>
      )}
      {filtered && (
        <Link href="/documents" prefetch={false} className="button button-quiet mt-4">
          {t("documents.reset")}
        </Link>
      )}
    </div>
  );
}
