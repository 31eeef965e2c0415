"use client";

import { FORMAT_NAMES } from "@/lib/formats";
import { MAX_DOCUMENT_CHARS, MAX_UPLOAD_BYTES } from "@/lib/limits";
import { useTexts } from "@/texts/client";

/** Which documents are taken. */
export function UploadLimits({ id }: { id: string }) {
  const t = useTexts();
  const formats = t.either(FORMAT_NAMES);
  return (
    <p id={id} className="text-soft mx-auto mt-2 max-w-xl text-xs text-balance">
      {t("upload.limits", {
        formats: formats.charAt(0).toLocaleUpperCase(t.language) + formats.slice(1),
        size: t.bytes(MAX_UPLOAD_BYTES),
        characters: t.number(MAX_DOCUMENT_CHARS),
      })}
    </p>
  );
}
