import { type RagDocument, type Readiness, readinessOf } from "@/lib/contract";

const LABELS: Record<Readiness, { text: string; style: string }> = {
  ready: { text: "Ready", style: "text-accent bg-accent-sunk" },
  pending: { text: "Indexing", style: "text-warn bg-warn-sunk" },
  deleting: { text: "Being deleted", style: "text-soft bg-sunk" },
  failed: { text: "Failed", style: "text-bad bg-bad-sunk" },
};

interface DocumentListProps {
  documents: RagDocument[];
  /** Some could not be had: an empty list then says nothing. */
  incomplete: boolean;
}

/** The documents that were uploaded from this browser, newest first. */
export function DocumentList({ documents, incomplete }: DocumentListProps) {
  if (documents.length === 0) {
    if (incomplete) return null;
    return <p className="text-soft text-sm">Nothing was uploaded from this browser yet.</p>;
  }
  const pending = documents.some((document) => readinessOf(document.status) === "pending");
  return (
    <div className="space-y-3">
      <h3 className="text-soft text-sm font-semibold">Uploaded from this browser</h3>
      <ul className="space-y-3">
        {documents.map((document) => (
          <DocumentItem key={document.id} document={document} />
        ))}
      </ul>
      {pending && (
        <noscript>
          {/* eslint-disable-next-line @next/next/no-html-link-for-pages -- for browsers without scripts */}
          <a className="text-accent text-sm underline" href="/">
            Look again
          </a>
        </noscript>
      )}
    </div>
  );
}

function DocumentItem({ document }: { document: RagDocument }) {
  const readiness = readinessOf(document.status);
  const { text, style } = LABELS[readiness];
  return (
    <li data-document={document.id} data-status={readiness} className="text-sm">
      <div className="flex items-start justify-between gap-3">
        <span className="font-medium wrap-anywhere">{document.filename}</span>
        <span className={`${style} shrink-0 rounded-full px-2 py-0.5 text-xs font-semibold`}>
          {text}
        </span>
      </div>
      {document.pages !== null && (
        <p className="text-soft text-xs">
          {document.pages} {document.pages === 1 ? "page" : "pages"}
        </p>
      )}
      {readiness === "failed" && (
        <p className="text-soft mt-1 text-xs wrap-anywhere">
          {document.error ?? "The backend gives no reason."} Correct the document and upload it
          again.
        </p>
      )}
    </li>
  );
}
