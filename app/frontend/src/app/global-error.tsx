"use client";

import { MessagePage } from "@/components/message-page";
import "./globals.css";

/** Shown when not even the frame of the page could be rendered. */
export default function GlobalErrorPage() {
  return (
    <html lang="en">
      <body>
        <MessagePage title="The page could not be shown">
          Load it again; if this stays, tell the operator.
        </MessagePage>
      </body>
    </html>
  );
}
