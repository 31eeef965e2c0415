"use client";

import { Check, Copy } from "lucide-react";
import { useState, useSyncExternalStore } from "react";
import { useTexts } from "@/texts/client";

const SHOWN_MS = 2000;
const never = () => () => undefined;

/** Copies a text. Browsers allow that on pages with TLS only: elsewhere there is no button. */
export function CopyButton({ text }: { text: string }) {
  const t = useTexts();
  const [copied, setCopied] = useState(false);
  const able = useSyncExternalStore(
    never,
    () => window.isSecureContext,
    () => false,
  );
  if (!able) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  const label = copied ? t("answer.copied") : t("answer.copy");
  const Icon = copied ? Check : Copy;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => void copy()}
    >
      <Icon className="size-4" aria-hidden="true" />
    </button>
  );
}
