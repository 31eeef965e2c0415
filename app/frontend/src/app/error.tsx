"use client";

import { MessagePage } from "@/components/ui/message-page";
import { useTexts } from "@/texts/client";

interface ErrorPageProps {
  error: Error & { digest?: string };
}

/** Shown when rendering failed, or a form was sent to a newer version of the page. */
export default function ErrorPage({ error }: ErrorPageProps) {
  const t = useTexts();
  return (
    <MessagePage title={t("page.broken")} back={t("page.reload")}>
      {t("page.broken.detail")} {error.digest && t("page.reference", { reference: error.digest })}
    </MessagePage>
  );
}
