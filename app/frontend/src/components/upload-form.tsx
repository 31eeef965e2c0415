"use client";

import { type ChangeEvent, useActionState } from "react";
import { ACCEPTED_EXTENSIONS, FORMAT_NAMES } from "@/lib/formats";
import { formatBytes, MAX_DOCUMENT_CHARS, MAX_UPLOAD_BYTES } from "@/lib/limits";
import type { UploadState } from "@/lib/state";
import { ProblemNotice } from "./problem-notice";
import { SubmitButton } from "./submit-button";

interface UploadFormProps {
  action: (state: UploadState, form: FormData) => Promise<UploadState>;
}

/** Sends one document. Without scripts it is a plain form. */
export function UploadForm({ action }: UploadFormProps) {
  const [state, submit, pending] = useActionState(action, { kind: "idle" });
  return (
    <form action={submit} className="space-y-3" data-form="upload">
      <label htmlFor="file" className="block text-sm font-medium">
        Add a document
      </label>
      <input
        id="file"
        name="file"
        type="file"
        required
        accept={ACCEPTED_EXTENSIONS.join(",")}
        aria-describedby="file-hint"
        onChange={refuseTooLarge}
        className="field file:bg-sunk file:text-ink text-sm file:mr-3 file:cursor-pointer file:rounded file:px-2 file:py-1"
      />
      <p id="file-hint" className="text-soft text-xs">
        {FORMAT_NAMES.charAt(0).toUpperCase() + FORMAT_NAMES.slice(1)}, at most{" "}
        {formatBytes(MAX_UPLOAD_BYTES)} and {MAX_DOCUMENT_CHARS.toLocaleString("en")} characters of
        text.
      </p>
      <SubmitButton label="Upload" pendingLabel="Uploading…" pending={pending} />
      <div aria-live="polite">{!pending && <UploadOutcome state={state} />}</div>
    </form>
  );
}

/** Says it before megabytes are sent in vain; the server checks it again. */
function refuseTooLarge(event: ChangeEvent<HTMLInputElement>) {
  const input = event.currentTarget;
  const size = input.files?.[0]?.size ?? 0;
  const limit = formatBytes(MAX_UPLOAD_BYTES);
  input.setCustomValidity(
    size > MAX_UPLOAD_BYTES
      ? `This file has ${formatBytes(size)}; at most ${limit} are taken.`
      : "",
  );
  input.reportValidity();
}

function UploadOutcome({ state }: { state: UploadState }) {
  if (state.kind === "idle") return null;
  if (state.kind === "problem") return <ProblemNotice problem={state.problem} />;
  return (
    <p className="text-accent text-sm wrap-anywhere" data-uploaded={state.document.id}>
      “{state.document.filename}” was uploaded.
    </p>
  );
}
