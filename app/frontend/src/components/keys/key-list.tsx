"use client";

import { Ban } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { problemOf } from "@/client/api";
import { endKey } from "@/client/keys";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { ProblemNotice } from "@/components/ui/problem-notice";
import type { ApiKey } from "@/lib/api/types";
import type { Problem } from "@/lib/problem";
import { useTexts } from "@/texts/client";
import type { Translator } from "@/texts/translator";

/** The keys of the tenant, with those that have ended. */
export function KeyList({ keys }: { keys: readonly ApiKey[] }) {
  const t = useTexts();
  const router = useRouter();
  const [ending, setEnding] = useState<ApiKey | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  if (keys.length === 0) return <p className="text-soft py-8 text-center">{t("keys.none")}</p>;
  const end = async (id: string) => {
    setProblem(null);
    try {
      await endKey(id, t);
      router.refresh();
    } catch (error) {
      setProblem(problemOf(error, t));
    }
  };
  return (
    <div className="space-y-3">
      {problem && <ProblemNotice problem={problem} />}
      <ul className="card divide-line divide-y" aria-label={t("keys.title")} data-keys>
        {keys.map((key) => (
          <KeyRow key={key.id} item={key} onEnd={() => setEnding(key)} />
        ))}
      </ul>
      {ending && (
        <ConfirmDialog
          title={t("keys.end.question", { name: ending.name })}
          confirm={t("keys.end")}
          onClose={() => setEnding(null)}
          onConfirm={() => void end(ending.id)}
        >
          <p className="text-soft text-sm">{t("keys.end.warning")}</p>
        </ConfirmDialog>
      )}
    </div>
  );
}

function KeyRow({ item, onEnd }: { item: ApiKey; onEnd: () => void }) {
  const t = useTexts();
  const ended = item.revoked_at !== null;
  return (
    <li className="flex items-center gap-3 px-4 py-3" data-key={item.id}>
      <div className="min-w-0 flex-1">
        <p className={`font-medium wrap-anywhere ${ended ? "text-soft line-through" : ""}`}>
          {item.name}
        </p>
        <p className="text-soft text-xs wrap-anywhere">
          {t(`role.${item.role}`)} · {item.collections?.join(", ") ?? t("keys.collections.all")} ·{" "}
          <code>rag_{item.id}_…</code>
        </p>
        <p className="text-soft text-xs">{dates(item, t)}</p>
      </div>
      {!ended && (
        <button
          type="button"
          className="icon-button text-bad"
          title={t("keys.end")}
          aria-label={`${t("keys.end")}: ${item.name}`}
          onClick={onEnd}
        >
          <Ban className="size-4" aria-hidden="true" />
        </button>
      )}
    </li>
  );
}

/** When a key was made and used, and when it ends or has ended. */
function dates(key: ApiKey, t: Translator): string {
  return [
    t("keys.made", { moment: t.moment(key.created_at) }),
    key.last_used_at ? t("keys.used", { moment: t.moment(key.last_used_at) }) : t("keys.unused"),
    key.revoked_at
      ? t("keys.ended", { moment: t.moment(key.revoked_at) })
      : key.expires_at
        ? t("keys.ends", { moment: t.moment(key.expires_at) })
        : t("keys.endless"),
  ].join(" · ");
}
