"use client";

import { MessagePage } from "@/components/ui/message-page";
import { english as t } from "@/texts/english";
import "./globals.css";

/** Shown when not even the frame of the page could be rendered: then no language is known. */
export default function GlobalErrorPage() {
  return (
    <html lang={t.language}>
      <body>
        <MessagePage title={t("page.broken")} back={t("page.reload")}>
          {t("page.broken.detail")}
        </MessagePage>
      </body>
    </html>
  );
}
