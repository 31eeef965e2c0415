"use client";

import { useEffect, useState } from "react";
import { follow, hasEnded, jobs as followed } from "@/client/jobs";
import { useMe } from "@/client/me";
import { useStore } from "@/client/store";
import type { Job, RagDocument } from "@/lib/api/types";
import type { ListView } from "@/lib/list-query";
import { may } from "@/lib/roles";
import { useTexts } from "@/texts/client";
import { BulkBar } from "./bulk-bar";
import { DocumentRow } from "./document-row";
import { SortHeader } from "./sort-header";
import { useChanges } from "./use-changes";

interface DocumentTableProps {
  documents: RagDocument[];
  /** Jobs of these documents that were under way when the page was rendered. */
  jobs: Job[];
  view: ListView;
}

/** The documents, with what can be done with one or several of them. */
export function DocumentTable({ documents, jobs, view }: DocumentTableProps) {
  const t = useTexts();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const changes = useChanges();
  const writes = may(useMe(), "writer");
  useEffect(() => jobs.forEach(follow), [jobs]);
  const active = activeJobs(useStore(followed));
  // What has left the page is no longer chosen.
  const selected = documents.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const all = selected.length === documents.length;
  const choose = (ids: readonly string[], on: boolean) => {
    const next = new Set(chosen);
    for (const id of ids)
      if (on) next.add(id);
      else next.delete(id);
    setChosen(next);
  };
  return (
    <div className="space-y-3">
      {selected.length > 0 && (
        <BulkBar
          count={selected.length}
          onDelete={() => changes.askToDelete(selected)}
          onReindex={() => void changes.reindex(selected)}
          onClear={() => setChosen(new Set())}
        />
      )}
      <div className="card overflow-hidden">
        <table className="w-full border-collapse text-left text-sm" data-documents>
          <caption className="sr-only">{t("documents.title")}</caption>
          <thead className="text-soft bg-rail text-xs">
            <tr>
              {writes && (
                <th scope="col" className="w-11 py-2 pl-4">
                  <input
                    type="checkbox"
                    className="accent-accent block size-4"
                    aria-label={t("documents.select_all")}
                    checked={all}
                    onChange={({ currentTarget }) =>
                      choose(
                        documents.map(({ id }) => id),
                        currentTarget.checked,
                      )
                    }
                  />
                </th>
              )}
              <SortHeader view={view} column="name" label={t("documents.name")} />
              <th scope="col" className="hidden px-3 py-2 font-semibold sm:table-cell">
                {t("documents.status")}
              </th>
              <SortHeader
                view={view}
                column="bytes"
                label={t("documents.size")}
                className="hidden text-right md:table-cell"
              />
              <SortHeader
                view={view}
                column="created"
                label={t("documents.added")}
                className="hidden md:table-cell"
              />
              {writes && (
                <th scope="col" className="w-24 py-2 pr-2">
                  <span className="sr-only">{t("documents.actions")}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody className="divide-line divide-y">
            {documents.map((document) => (
              <DocumentRow
                key={document.id}
                document={document}
                job={active.get(document.id)}
                chosen={chosen.has(document.id)}
                onChoose={(on) => choose([document.id], on)}
                changes={changes}
              />
            ))}
          </tbody>
        </table>
      </div>
      {changes.notice}
    </div>
  );
}

/** Jobs that have not ended, by their documents. */
function activeJobs(known: ReadonlyMap<string, Job>): ReadonlyMap<string, Job> {
  const open = [...known.values()].filter((job) => !hasEnded(job));
  return new Map(open.map((job) => [job.document_id, job]));
}
