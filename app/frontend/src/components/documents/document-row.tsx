"use client";

import Link from "next/link";
import { useMe } from "@/client/me";
import type { Job, RagDocument } from "@/lib/api/types";
import { formatName } from "@/lib/formats";
import { readinessOf } from "@/lib/readiness-of";
import { may } from "@/lib/roles";
import { useTexts } from "@/texts/client";
import type { Translator } from "@/texts/translator";
import { RowActions } from "./row-actions";
import { StatusBadge } from "./status-badge";
import type { Changes } from "./use-changes";

interface DocumentRowProps {
  document: RagDocument;
  job: Job | undefined;
  chosen: boolean;
  onChoose: (on: boolean) => void;
  changes: Changes;
}

/** A document in the list. */
export function DocumentRow({ document, job, chosen, onChoose, changes }: DocumentRowProps) {
  const t = useTexts();
  const { id, filename } = document;
  const readiness = readinessOf(document.status);
  const writes = may(useMe(), "writer");
  return (
    <tr
      data-document={id}
      data-status={readiness}
      className="hover:bg-rail has-checked:bg-accent-sunk/60 align-top"
    >
      {writes && (
        <td className="py-3 pl-4">
          <input
            type="checkbox"
            className="accent-accent mt-0.5 block size-4"
            aria-label={t("documents.select", { name: filename })}
            checked={chosen}
            onChange={({ currentTarget }) => onChoose(currentTarget.checked)}
          />
        </td>
      )}
      <th scope="row" className="px-3 py-2.5 text-left font-normal">
        <Link
          href={`/documents/${id}`}
          prefetch={false}
          className="font-medium wrap-anywhere hover:underline"
        >
          {filename}
        </Link>
        <p className="text-soft text-xs">{about(document, t)}</p>
        <div className="mt-1.5 sm:hidden">
          <StatusBadge status={document.status} job={job} />
        </div>
        {readiness === "failed" && document.error && !job && (
          <p className="text-bad mt-1 max-w-prose text-xs wrap-anywhere">{document.error}</p>
        )}
      </th>
      <td className="hidden px-3 py-2.5 sm:table-cell">
        <StatusBadge status={document.status} job={job} />
        {job?.state === "running" && (
          <progress
            className="bar mt-1.5 max-w-32"
            value={job.progress}
            aria-label={t("upload.progress", { name: filename })}
          />
        )}
      </td>
      <td className="text-soft hidden px-3 py-2.5 text-right whitespace-nowrap tabular-nums md:table-cell">
        {t.bytes(document.bytes)}
      </td>
      <td className="text-soft hidden px-3 py-2.5 whitespace-nowrap md:table-cell">
        <time dateTime={document.created_at}>
          {document.created_at && t.moment(document.created_at)}
        </time>
      </td>
      {writes && (
        <td className="py-1.5 pr-2">
          <RowActions document={document} job={job} changes={changes} />
        </td>
      )}
    </tr>
  );
}

/** Format, length and language in a line. */
function about(document: RagDocument, t: Translator): string {
  return [
    formatName(document.filename, document.content_type),
    document.pages > 1 ? t.count("documents.pages", document.pages) : "",
    document.language ? t.languageName(document.language) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
