"use client";

import { Upload } from "lucide-react";
import { type DragEvent, useActionState, useId, useState } from "react";
import { add } from "@/client/uploads";
import { ProblemNotice } from "@/components/ui/problem-notice";
import { ACCEPTED_EXTENSIONS } from "@/lib/formats";
import type { UploadState } from "@/lib/state";
import { useTexts } from "@/texts/client";
import { UploadCollection } from "./upload-collection";
import { UploadLimits } from "./upload-limits";
import { UploadList } from "./upload-list";

interface UploadAreaProps {
  /** Takes the form where scripts don't run. */
  action: (state: UploadState, form: FormData) => Promise<UploadState>;
}

/** Where documents come in: by dropping them, by choosing them, and without scripts by a form. */
export function UploadArea({ action }: UploadAreaProps) {
  const t = useTexts();
  const [state, submit] = useActionState(action, { kind: "idle" });
  const [over, setOver] = useState(false);
  const hint = useId();
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    add([...event.dataTransfer.files], t);
  };
  return (
    <section aria-label={t("upload.title")} className="space-y-3">
      <form
        action={submit}
        data-form="upload"
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className="border-field/50 bg-card data-over:border-accent data-over:bg-accent-sunk focus-within:border-accent relative rounded-2xl border-2 border-dashed px-4 py-6 text-center"
      >
        <Upload className="text-soft mx-auto size-6" strokeWidth={1.75} aria-hidden="true" />
        <p className="mt-2 text-sm">
          {t("upload.drop")}{" "}
          <label
            htmlFor="file"
            className="text-accent cursor-pointer font-semibold underline underline-offset-2"
          >
            {t("upload.choose")}
          </label>
        </p>
        <input
          id="file"
          name="file"
          type="file"
          multiple
          required
          accept={ACCEPTED_EXTENSIONS.join(",")}
          aria-label={t("upload.label")}
          aria-describedby={hint}
          onChange={({ currentTarget }) => {
            add([...(currentTarget.files ?? [])], t);
            currentTarget.value = "";
          }}
          className="mt-2 text-sm scripting:sr-only"
        />
        <noscript>
          <button type="submit" className="button mt-2">
            {t("upload.submit")}
          </button>
        </noscript>
        <UploadLimits id={hint} />
        <UploadCollection />
      </form>
      <UploadOutcome state={state} />
      <UploadList />
    </section>
  );
}

/** What the server made of the form. */
function UploadOutcome({ state }: { state: UploadState }) {
  const t = useTexts();
  if (state.kind === "idle") return null;
  return (
    <div className="space-y-2">
      {state.kind === "uploaded" &&
        state.documents.map((document) => (
          <p
            key={document.id}
            className="text-accent text-sm wrap-anywhere"
            data-uploaded={document.id}
          >
            {t("upload.done", { name: document.filename })}
          </p>
        ))}
      {state.problem && <ProblemNotice problem={state.problem} />}
    </div>
  );
}
