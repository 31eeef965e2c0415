"use client";

import { SquarePen, Trash2, X } from "lucide-react";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import { clear, remove, useConversations } from "@/client/conversations";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useTexts } from "@/texts/client";

/** The conversations of this browser. */
export function History() {
  const t = useTexts();
  const router = useRouter();
  const conversations = useConversations();
  const current = useSearchParams().get("c");
  const [asking, setAsking] = useState(false);
  const leave = (id: string | null) => {
    if (id === null) clear();
    else remove(id);
    if (id === null || id === current) router.push("/");
  };
  return (
    <section aria-label={t("history.title")} className="flex min-h-0 flex-1 flex-col gap-1">
      <div className="flex items-center justify-between pl-2.5">
        <h2 className="text-soft text-xs font-semibold">{t("history.title")}</h2>
        <div className="flex">
          {conversations.length > 0 && (
            <button
              type="button"
              className="icon-button"
              title={t("history.clear")}
              aria-label={t("history.clear")}
              onClick={() => setAsking(true)}
            >
              <Trash2 className="size-4" aria-hidden="true" />
            </button>
          )}
          <Link
            href="/"
            prefetch={false}
            className="icon-button"
            title={t("history.new")}
            aria-label={t("history.new")}
          >
            <SquarePen className="size-4" aria-hidden="true" />
          </Link>
        </div>
      </div>
      {conversations.length === 0 ? (
        <p className="text-soft px-2.5 text-xs">{t("history.empty")}</p>
      ) : (
        <ul className="min-h-0 flex-1 space-y-0.5 overflow-y-auto" data-history>
          {conversations.map(({ id, title }) => (
            <li key={id} className="group relative">
              <Link
                href={`/?c=${id}`}
                prefetch={false}
                aria-current={id === current ? "true" : undefined}
                className="text-soft hover:bg-sunk hover:text-ink aria-[current]:bg-sunk aria-[current]:text-ink block truncate rounded-lg py-1.5 pr-9 pl-2.5 text-sm"
              >
                {title}
              </Link>
              <button
                type="button"
                aria-label={t("history.remove", { title })}
                className="icon-button absolute top-0 right-0 h-8 w-8 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100"
                onClick={() => leave(id)}
              >
                <X className="size-4" aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {asking && (
        <ConfirmDialog
          title={t("history.clear.question")}
          confirm={t("history.clear")}
          onConfirm={() => leave(null)}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}
